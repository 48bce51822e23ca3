//! Which episode turns this draft into that fixed code?

use super::{Episode, Trajectory, right_most};

impl Trajectory {
    /// The trajectory that writes `draft` and, with one episode, makes it `fixed`; `None` where the two
    /// are equal or the draft is empty, so that there is nothing to take back.
    ///
    /// - The scope is what differs, without the tokens at both ends that the two share, widened to
    ///   whole lines of both; `is_line_break` says whether a token ends a line.
    /// - Where that takes nothing back, because lines were only added, the scope is the line that
    ///   follows them, or at the draft's end the one before them, and the patch repeats it.
    /// - The trigger comes `latency` tokens after the scope's end, or at the draft's end if that is
    ///   sooner.
    /// - Where the same tokens stand again between the scope and the trigger, so that they and not the
    ///   scope would be the right-most match, the scope is widened line by line to the left until it
    ///   is. If the draft's start does not suffice, the trigger comes earlier, before they are complete.
    ///
    /// O(draft + fixed), and for each line that the scope is widened by O(draft × scope) at worst.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "symmetric with `draft`, which the trajectory keeps"
    )]
    pub fn from_fix(
        prompt: Vec<u32>,
        draft: Vec<u32>,
        fixed: Vec<u32>,
        is_line_break: &dyn Fn(u32) -> bool,
        latency: usize,
    ) -> Option<Trajectory> {
        let mut change = Change::between(&draft, &fixed)?;
        change.widen_to_lines(is_line_break);
        change.take_a_neighbour(is_line_break);
        let mut at = change.end.saturating_add(latency).min(draft.len());
        while !change.is_right_most(at) {
            if change.start > 0 {
                change.widen_left(is_line_break);
            } else {
                // At the latest with the trigger right behind the scope there is nothing after it.
                at -= 1;
            }
        }
        let episode = Episode {
            scope: change.start..change.end,
            at,
            patch: change.patch().to_vec(),
        };
        Some(Trajectory {
            prompt,
            episodes: vec![episode],
            draft,
        })
    }
}

/// `draft[start..end]` becomes `fixed[start..fixed_end]`; before and after, the two are equal.
struct Change<'a> {
    draft: &'a [u32],
    fixed: &'a [u32],
    start: usize,
    end: usize,
    fixed_end: usize,
}

impl<'a> Change<'a> {
    fn between(draft: &'a [u32], fixed: &'a [u32]) -> Option<Change<'a>> {
        if draft == fixed || draft.is_empty() {
            return None;
        }
        let shared = |pairs: &mut dyn Iterator<Item = (&u32, &u32)>| {
            pairs.take_while(|(left, right)| left == right).count()
        };
        let start = shared(&mut draft.iter().zip(fixed));
        let tail = shared(&mut draft[start..].iter().rev().zip(fixed[start..].iter().rev()));
        Some(Change {
            start,
            end: draft.len() - tail,
            fixed_end: fixed.len() - tail,
            draft,
            fixed,
        })
    }

    fn patch(&self) -> &'a [u32] {
        &self.fixed[self.start..self.fixed_end]
    }

    fn widen_to_lines(&mut self, is_line_break: &dyn Fn(u32) -> bool) {
        let between_lines = |tokens: &[u32], position: usize| {
            position == 0 || position == tokens.len() || is_line_break(tokens[position - 1])
        };
        // The start may stand at the end of one of the two and still inside a line of the other.
        while !(between_lines(self.draft, self.start) && between_lines(self.fixed, self.start)) {
            self.start -= 1;
        }
        while !(between_lines(self.draft, self.end) && between_lines(self.fixed, self.fixed_end)) {
            self.end += 1;
            self.fixed_end += 1;
        }
    }

    /// A change that takes nothing back takes back a neighbouring line, and writes it again.
    fn take_a_neighbour(&mut self, is_line_break: &dyn Fn(u32) -> bool) {
        if self.start < self.end {
            return;
        }
        if self.end == self.draft.len() {
            return self.widen_left(is_line_break);
        }
        loop {
            self.end += 1;
            self.fixed_end += 1;
            if self.end == self.draft.len() || is_line_break(self.draft[self.end - 1]) {
                return;
            }
        }
    }

    /// One line more on the left, if there is one.
    fn widen_left(&mut self, is_line_break: &dyn Fn(u32) -> bool) {
        while self.start > 0 {
            self.start -= 1;
            if self.start > 0 && is_line_break(self.draft[self.start - 1]) {
                return;
            }
        }
    }

    /// Whether the scope is the right-most of its kind among the first `at` tokens of the draft.
    fn is_right_most(&self, at: usize) -> bool {
        let scope = &self.draft[self.start..self.end];
        right_most(&self.draft[..at], scope).is_none_or(|found| found == self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scope, the patch and the tokens between scope and trigger; a token is a character, and `/`
    /// ends a line.
    fn check(draft: &str, fixed: &str, latency: usize) -> String {
        let ids = |text: &str| text.chars().map(u32::from).collect::<Vec<_>>();
        let text = |ids: &[u32]| {
            ids.iter()
                .map(|&id| char::from_u32(id).unwrap())
                .collect::<String>()
        };
        let is_line_break = |id| id == u32::from('/');
        let fix = Trajectory::from_fix(vec![], ids(draft), ids(fixed), &is_line_break, latency);
        let Some(trajectory) = fix else {
            return "none".to_owned();
        };
        assert_eq!(text(&trajectory.program_tokens()), fixed);
        let episode = &trajectory.episodes[0];
        format!(
            "{}|{} > {} @{}",
            text(&trajectory.draft[..episode.scope.start]),
            text(&trajectory.draft[episode.scope.clone()]),
            text(&episode.patch),
            episode.at - episode.scope.end
        )
    }

    #[test]
    fn what_differs_is_widened_to_whole_lines() {
        assert_eq!(check("ab/cd/ef/", "ab/cXd/ef/", 2), "ab/|cd/ > cXd/ @2");
        assert_eq!(check("ab/cd/ef/", "ab/cd/eX/", 9), "ab/cd/|ef/ > eX/ @0");
        assert_eq!(check("ab/cd", "ab/cX", 0), "ab/|cd > cX @0");
        assert_eq!(check("x/ y/z/", "x y/z/", 0), "|x/ y/ > x y/ @0");
        assert_eq!(check("ab/", "ab/c", 0), "|ab/ > ab/c @0");
        assert_eq!(check("ab", "abc", 0), "|ab > abc @0");
    }

    #[test]
    fn deleted_lines_leave_an_empty_patch() {
        assert_eq!(check("ab/cd/ef/", "ab/ef/", 1), "ab/|cd/ >  @1");
        assert_eq!(check("ab/", "", 0), "|ab/ >  @0");
    }

    #[test]
    fn added_lines_take_a_neighbour() {
        assert_eq!(check("ab/ef/", "ab/cd/ef/", 0), "ab/|ef/ > cd/ef/ @0");
        assert_eq!(check("ab/ef/", "ab/ef/cd/", 0), "ab/|ef/ > ef/cd/ @0");
        assert_eq!(check("ab/", "cd/ab/", 0), "|ab/ > cd/ab/ @0");
    }

    #[test]
    fn a_scope_that_is_repeated_before_the_trigger_is_widened() {
        assert_eq!(check("a/x/b/x/c/", "a/y/b/x/c/", 0), "a/|x/ > y/ @0");
        assert_eq!(check("a/x/b/x/c/", "a/y/b/x/c/", 4), "|a/x/ > a/y/ @4");
        assert_eq!(check("x/b/x/c/", "y/b/x/c/", 6), "|x/ > y/ @3");
    }

    #[test]
    fn nothing_to_take_back() {
        assert_eq!(check("ab/", "ab/", 0), "none");
        assert_eq!(check("", "ab/", 0), "none");
    }
}
