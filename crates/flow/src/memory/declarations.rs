//! What does a declaration say about a variable?

use super::names;
use super::nodes::{Kind, Role};
use super::walk::Walk;

impl Walk<'_> {
    /// Declares what a parameter or a declaration names.
    pub(super) fn declare(&mut self, at: usize, parameter: bool) {
        let kind = self.child(at, Role::Type);
        let kind = kind.map_or(&b""[..], |kind| self.written(kind));
        for child in self.children(at) {
            if self.nodes[child].role == Role::Declarator {
                self.declare_one(child, kind, parameter);
            }
        }
    }

    fn declare_one(&mut self, at: usize, kind: &[u8], parameter: bool) {
        let (mut inner, mut pointer, mut array) = (at, false, false);
        let (mut size, mut value) = (None, None);
        loop {
            match self.nodes[inner].kind {
                Kind::InitDeclarator => value = self.child(inner, Role::Value),
                Kind::PointerDeclarator => pointer = true,
                Kind::ArrayDeclarator => {
                    array = true;
                    let written = self.child(inner, Role::Size);
                    size = size.or(written.map(|at| (self.nodes[at].start, self.nodes[at].end)));
                }
                Kind::Identifier => break,
                Kind::FunctionDeclarator => return,
                _ => {}
            }
            let next = self.child(inner, Role::Declarator);
            match next.or_else(|| self.children(inner).next()) {
                Some(next) => inner = next,
                None => return,
            }
        }
        // What had this name before is another variable.
        self.named.remove(self.written(inner));
        let variable = self.variable(inner);
        let declared = &mut self.variables[variable as usize].declared;
        declared.parameter = parameter;
        declared.local = !parameter;
        declared.pointer = pointer || (parameter && array);
        declared.array = array && !parameter;
        declared.signed = !pointer && names::is_signed(kind);
        declared.size = size;
        if parameter {
            self.parameters.push(variable);
        }
        if let Some(value) = value {
            let is_list = self.nodes[value].kind == Kind::Other;
            let given = self.value(value);
            if !is_list {
                self.assign(variable, &given);
            }
        }
    }
}
