//! What is known of the variables of a function at one point of its text?

/// A variable, or a member or an element as it is written: an index into the walk's list.
pub(super) type Variable = u32;

/// A few variables. Values made of more than fit are judged by the first ones.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Few {
    items: [Variable; 6],
    count: u8,
}

impl Few {
    pub(super) fn one(variable: Variable) -> Self {
        let mut few = Self::default();
        few.add(variable);
        few
    }

    pub(super) fn add(&mut self, variable: Variable) {
        let count = usize::from(self.count);
        if count < self.items.len() && !self.contains(variable) {
            self.items[count] = variable;
            self.count += 1;
        }
    }

    pub(super) fn extend(&mut self, other: &Few) {
        other.iter().for_each(|variable| self.add(variable));
    }

    pub(super) fn contains(&self, variable: Variable) -> bool {
        self.iter().any(|known| known == variable)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Variable> + '_ {
        self.items[..usize::from(self.count)].iter().copied()
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.count)
    }
}

/// From how far outside a number comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The function made it itself, or called something for it.
    #[default]
    Own,
    /// A member of something.
    Member,
    /// A parameter.
    Parameter,
    /// Read from bytes.
    Bytes,
}

/// What an expression gives.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Value {
    /// The variables that it is made of.
    pub(super) from: Few,
    /// The variable that it is.
    pub(super) variable: Option<Variable>,
    /// The call that it is the result of: a node.
    pub(super) call: Option<u32>,
    pub(super) made: Made,
}

/// How a value was made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Made {
    /// A number that was read from bytes.
    pub(super) read: bool,
    /// With a multiplication, or a shift, of what varies.
    pub(super) product: bool,
    /// With an addition to what varies.
    pub(super) sum: bool,
    /// Of constants alone.
    pub(super) constant: bool,
    /// In a type that the author made wide enough: `(size_t)`.
    pub(super) wide: bool,
    /// By something that keeps it within bounds: a mask, a remainder, a choice.
    pub(super) narrowed: bool,
}

impl Value {
    pub(super) const CONSTANT: Value = Value {
        from: Few {
            items: [0; 6],
            count: 0,
        },
        variable: None,
        call: None,
        made: Made {
            read: false,
            product: false,
            sum: false,
            wide: false,
            constant: true,
            narrowed: false,
        },
    };
}

/// A variable.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// Where its name first stands.
    pub(super) start: u32,
    pub(super) end: u32,
    /// What it is a member or an element of.
    pub(super) base: Option<Variable>,
    pub(super) is_member: bool,
    pub(super) declared: Declared,
    /// What its value was made of, and what that was made of.
    pub(super) from: Few,
    pub(super) made: Made,
    pub(super) checked: Checked,
    pub(super) used: Used,
    /// What a loop keeps it below, where nobody looked at that.
    pub(super) limit: Option<Variable>,
}

/// What the declaration says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Declared {
    pub(super) parameter: bool,
    pub(super) local: bool,
    pub(super) pointer: bool,
    pub(super) array: bool,
    pub(super) signed: bool,
    /// Where the size of an array is written.
    pub(super) size: Option<(u32, u32)>,
}

/// What has been asked of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checked {
    pub(super) upper: bool,
    pub(super) lower: bool,
    /// Compared with anything, zero included.
    pub(super) compared: bool,
    /// Stood in a condition.
    pub(super) tested: bool,
    /// Memory was asked for by it, so that it fits that.
    pub(super) sized: bool,
}

/// What has been done with it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) assigned: bool,
    /// Counted up or down since it was assigned.
    pub(super) stepped: bool,
    /// Times that it was followed as a pointer since it was assigned.
    pub(super) followed: u32,
    /// The node where it was first.
    pub(super) first_followed: u32,
    /// Handed to another function.
    pub(super) passed: bool,
    /// Holds what a call returned that says by a negative number that it failed.
    pub(super) result: bool,
}

/// Pointers in a state that matters, on the way that leads here.
#[derive(Clone, Debug, Default)]
pub(super) struct Pointers {
    /// Given back; whether for sure.
    pub(super) freed: Vec<(Variable, bool)>,
    /// Perhaps null.
    pub(super) perhaps_null: Vec<Variable>,
    /// Control does not come here.
    pub(super) unreached: bool,
}

impl Pointers {
    /// Pointers that are followed at once; with more, the oldest are forgotten, so that a branch costs no more than
    /// this.
    const MOST: usize = 24;

    pub(super) fn free(&mut self, variable: Variable, surely: bool) {
        if self.freed(variable).is_none() {
            if self.freed.len() >= Self::MOST {
                self.freed.remove(0);
            }
            self.freed.push((variable, surely));
        }
    }

    pub(super) fn may_be_null(&mut self, variable: Variable) {
        if !self.perhaps_null.contains(&variable) {
            if self.perhaps_null.len() >= Self::MOST {
                self.perhaps_null.remove(0);
            }
            self.perhaps_null.push(variable);
        }
    }

    /// Whether a variable was given back, and if so, whether that is sure.
    pub(super) fn freed(&self, variable: Variable) -> Option<bool> {
        let entry = self.freed.iter().find(|(known, _)| *known == variable);
        entry.map(|(_, surely)| *surely)
    }

    pub(super) fn is_not_null(&mut self, variable: Variable) {
        self.perhaps_null.retain(|known| *known != variable);
    }

    /// What holds where two ways meet.
    pub(super) fn joined(self, other: Pointers) -> Pointers {
        match (self.unreached, other.unreached) {
            (true, false) => other,
            (false, true) => self,
            _ => {
                let mut both = self;
                for (variable, surely) in other.freed {
                    both.free(variable, surely);
                }
                for variable in other.perhaps_null {
                    both.may_be_null(variable);
                }
                both
            }
        }
    }
}
