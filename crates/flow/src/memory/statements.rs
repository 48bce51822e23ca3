//! Which way does control go, and what holds where ways meet?

use palinode_code::Confidence;

use super::nodes::{Kind, Operator, Role};
use super::result::Lack;
use super::variables::{Few, Pointers};
use super::walk::Walk;

impl Walk<'_> {
    pub(super) fn statement(&mut self, at: usize) {
        self.deeper(|walk| walk.statement_here(at));
    }

    fn statement_here(&mut self, at: usize) {
        match self.nodes[at].kind {
            Kind::If => {
                let mentioned = self.condition_of(at, false);
                let before = self.pointers.clone();
                self.conditions.push(mentioned);
                let then = self.branch(self.child(at, Role::Consequence), &before);
                let other = self.branch(self.child(at, Role::Alternative), &before);
                self.conditions.pop();
                self.pointers = then.joined(other);
            }
            Kind::Else | Kind::Block | Kind::Other | Kind::Case => self.statements_of(at),
            Kind::Alternative => {
                // The sides of a preprocessor's condition are alternatives, and nothing is known of the first here.
                let unreached = self.pointers.unreached;
                self.pointers = Pointers::default();
                self.statements_of(at);
                self.pointers.unreached &= unreached;
            }
            Kind::While => {
                let mentioned = self.condition_of(at, true);
                self.repeat(mentioned, self.child(at, Role::Body), None);
            }
            Kind::DoWhile => {
                self.repeat(Few::default(), self.child(at, Role::Body), None);
                self.condition_of(at, true);
            }
            Kind::For => {
                if let Some(first) = self.child(at, Role::Initializer) {
                    self.statement(first);
                }
                let mentioned = self.condition_of(at, true);
                let update = self.child(at, Role::Update);
                if update.is_some_and(|update| self.nodes[update].kind != Kind::Update) {
                    // Of a loop in larger steps nothing is said about the elements in between.
                    for variable in mentioned.iter() {
                        self.variables[variable as usize].limit = None;
                    }
                }
                self.repeat(mentioned, self.child(at, Role::Body), update);
            }
            Kind::Each => {
                self.statements_of(at);
                self.pointers.unreached = false;
            }
            Kind::Switch => {
                let mentioned = self.condition_of(at, false);
                for variable in mentioned.iter() {
                    self.bound(variable, true, true);
                }
                self.cases(at);
            }
            Kind::Return | Kind::Goto | Kind::Leave => {
                for child in self.children(at) {
                    self.value(child);
                }
                self.pointers.unreached = true;
            }
            Kind::Label => {
                // Control comes here from places whose pointers nobody followed.
                if self.pointers.unreached {
                    self.pointers = Pointers::default();
                }
                self.statements_of(at);
            }
            Kind::Declaration => self.declare(at, false),
            // Functions inside functions are gone through where they are called, if at all.
            Kind::Function | Kind::Member => {}
            _ => {
                self.value(at);
            }
        }
    }

    fn statements_of(&mut self, at: usize) {
        for child in self.children(at) {
            self.statement(child);
        }
    }

    /// What pointers hold behind a branch.
    fn branch(&mut self, at: Option<usize>, before: &Pointers) -> Pointers {
        self.pointers = before.clone();
        if let Some(at) = at {
            self.statement(at);
        }
        std::mem::take(&mut self.pointers)
    }

    fn repeat(&mut self, mentioned: Few, body: Option<usize>, update: Option<usize>) {
        let before = self.pointers.clone();
        self.conditions.push(mentioned);
        self.loops += 1;
        self.pointers = self.branch(body, &before);
        // A `continue` comes here as well.
        self.pointers.unreached = false;
        if let Some(update) = update {
            self.value(update);
        }
        self.loops -= 1;
        self.conditions.pop();
        let after = std::mem::take(&mut self.pointers);
        self.pointers = before.joined(after);
        self.pointers.unreached = false;
    }

    fn cases(&mut self, at: usize) {
        let before = self.pointers.clone();
        let mut after = before.clone();
        if let Some(body) = self.child(at, Role::Body) {
            for child in self.children(body) {
                if self.nodes[child].kind == Kind::Case && self.pointers.unreached {
                    self.pointers = before.clone();
                }
                self.statement(child);
                if self.pointers.unreached && self.ends_with_break(child) {
                    let mut left = self.pointers.clone();
                    left.unreached = false;
                    after = after.joined(left);
                }
            }
        }
        let last = std::mem::take(&mut self.pointers);
        self.pointers = after.joined(last);
        self.pointers.unreached = false;
    }

    fn ends_with_break(&self, mut at: usize) -> bool {
        while let Some(last) = self.children(at).last() {
            match self.nodes[last].kind {
                Kind::Leave => return true,
                Kind::Block => at = last,
                _ => return false,
            }
        }
        false
    }

    /// Goes through the condition of a statement or an expression, and says which variables it mentions.
    pub(super) fn condition_of(&mut self, at: usize, repeats: bool) -> Few {
        let Some(condition) = self.child(at, Role::Condition) else {
            return Few::default();
        };
        if repeats {
            self.judge_walk(condition);
        }
        let first = self.met.len();
        self.in_condition += 1;
        let mut mentioned = self.condition(condition, repeats).from;
        self.in_condition -= 1;
        self.test_met_since(first);
        for &variable in &self.met[first..] {
            mentioned.add(variable);
        }
        mentioned
    }

    /// Everything that was met from there on stood in a condition.
    pub(super) fn test_met_since(&mut self, first: usize) {
        for at in first..self.met.len() {
            self.test(self.met[at]);
        }
    }

    /// `while (*p != ';') p++`: nothing stops it where the letter is missing.
    fn judge_walk(&mut self, condition: usize) {
        let at = self.peel(condition);
        let node = self.nodes[at];
        if node.kind != Kind::Binary || node.operator != Operator::Equal || !node.negated {
            return;
        }
        let (Some(left), Some(right)) = (self.child(at, Role::Left), self.child(at, Role::Right))
        else {
            return;
        };
        let letter = self.written(right);
        let is_letter = letter.first() == Some(&b'\'') && letter != b"'\\0'";
        let left = self.nodes[self.peel(left)].kind;
        if is_letter && matches!(left, Kind::Pointer | Kind::Subscript) {
            self.report(Lack::EndlessWalk, at, None, Confidence::Low);
        }
    }
}
