//! What do the nodes of a grammar mean, in words that all languages share?

/// What a node means. A language's file maps its grammar's kinds to these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Role {
    /// Of no interest, with all that is below.
    Skip,
    /// Anything else: what is below is looked at.
    Other,
    /// Statements, one after the other; also what the parser could not fit anywhere.
    Block,
    /// Stands for what is in it: parentheses, `await`, a statement that is one expression, a cast.
    Pass,
    /// A function that is declared.
    Function,
    /// A function that is a value.
    Closure,
    /// A type with functions in it.
    Class,
    /// A function or type with what is written above it.
    Decorated,
    /// What is written above a function or beside a parameter. Only its text counts.
    Attribute,
    Parameters,
    Parameter,
    /// Brings in names of other files; the language says which.
    Import,
    Assign,
    /// `+=` and its kin.
    Augment,
    /// A type, and declarators that have it.
    Declaration,
    /// A name that gets a value.
    Declarator,
    /// A C declarator around a name: a pointer to it, an array of it.
    Derived,
    /// A C declarator of a function.
    FunctionDeclarator,
    Call,
    /// Makes an object.
    New,
    /// A statement that is a call of the word it begins with: `echo`, `include`.
    WordCall,
    /// A text that a shell runs.
    ShellText,
    Arguments,
    Argument,
    /// An argument with its name.
    Keyword,
    Pair,
    Spread,
    Member,
    Index,
    Binary,
    /// Several comparisons in a row.
    Comparison,
    Unary,
    Conditional,
    /// A change of type that changes the value.
    Cast,
    If,
    ElseIf,
    Else,
    /// A condition with what is set up before it.
    ConditionClause,
    While,
    DoWhile,
    For,
    ForClause,
    ForEach,
    RangeClause,
    Try,
    Catch,
    Finally,
    /// Gives a value a name while a block runs.
    WithItem,
    /// Names what a pattern or a resource is.
    Alias,
    Switch,
    Case,
    Label,
    Return,
    Raise,
    Break,
    Continue,
    Assert,
    /// Ends the program.
    Exit,
    String,
    /// What a string is made of and never varies.
    Text,
    /// Strings side by side.
    Joined,
    Literal,
    Name,
    Collection,
    Comprehension,
    /// A type that is written out. Only its text counts.
    Type,
}

impl Role {
    /// Whether nothing below a node of this role is looked at.
    pub(crate) fn is_leaf(self) -> bool {
        matches!(
            self,
            Role::Attribute | Role::Text | Role::Literal | Role::Name | Role::Type | Role::Skip
        )
    }
}

/// Declares [`Field`] and its reading by name.
macro_rules! fields {
    ($($field:ident $name:literal,)*) => {
        /// A field of a node, under the name that grammars give it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Field {
            None,
            $($field,)*
        }

        impl Field {
            pub(crate) fn of_name(name: &str) -> Field {
                match name {
                    $($name => Field::$field,)*
                    _ => Field::None,
                }
            }
        }
    };
}

fields! {
    Alias "alias",
    Alternative "alternative",
    Argument "argument",
    Arguments "arguments",
    Array "array",
    Attribute "attribute",
    Body "body",
    Condition "condition",
    Consequence "consequence",
    Constructor "constructor",
    Declarator "declarator",
    Decorator "decorator",
    DefaultValue "default_value",
    Definition "definition",
    Expression "expression",
    Member "field",
    Finalizer "finalizer",
    FormatSpecifier "format_specifier",
    Function "function",
    Handler "handler",
    Index "index",
    Indices "indices",
    Init "init",
    Initialize "initialize",
    Initializer "initializer",
    Key "key",
    Left "left",
    Name "name",
    ModuleName "module_name",
    Object "object",
    Operand "operand",
    Parameter "parameter",
    Parameters "parameters",
    Path "path",
    Pattern "pattern",
    Property "property",
    Receiver "receiver",
    Resources "resources",
    Result "result",
    ReturnType "return_type",
    Right "right",
    Scope "scope",
    Source "source",
    Subject "subject",
    Subscript "subscript",
    Superclasses "superclasses",
    Type "type",
    Update "update",
    Value "value",
}
