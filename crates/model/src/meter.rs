//! What may a chat template cost, and who counts?
//!
//! The engine counts instructions, and one of them can double a text, compare two lists that each hold themselves
//! a million times, or compute a constant of gigabytes before anything runs. So a template is not compiled as it
//! stands: in its syntax tree whatever an operator, a filter, a test or a method is given passes through a filter
//! of the room's own first, which takes its size off the budget of the rendering ([`Meter`]), and what is written
//! passes the same meter. What an operation makes is of the order of what it is given (those of which that is not
//! true are replaced or taken away), so the budget bounds memory and time together.
//!
//! The tree is reached by the engine's `unstable_machinery`, which is why its version is pinned.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use minijinja::machinery::ast::{
    AutoEscape, BinOp, BinOpKind, Call, CallArg, CallBlock, Compare, CompareOp, Const, Do,
    EmitExpr, Expr, Filter, FilterBlock, ForLoop, GetAttr, GetItem, IfCond, IfExpr, List, Macro,
    Map, Set, SetBlock, Spanned, Stmt, Template, Test, Tuple, UnaryOp, UnaryOpKind, Var, WithBlock,
};
use minijinja::machinery::{CodeGenerator, Instructions, Span, Token, parse, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, escape_formatter, filters, functions};

/// The longest template in bytes; the longest that is published has some 30,000.
const LONGEST: usize = 1 << 20;
/// The most tokens in one tag, and the most branches of one condition: the engine's compiler takes a piece of the
/// stack for each.
const MOST_IN_A_TAG: usize = 1000;
/// What every rendering may cost.
const BASE: u64 = 16 << 20;
/// What it may cost beyond, for each unit of what is put into words.
const SHARE: u64 = 256;
/// How deep values may lie in one another.
const DEEPEST: usize = 32;
/// The most namespaces of a rendering: each may hold another, which no look at one value shows.
const MOST_NAMESPACES: u64 = 64;
/// The widest indentation.
const WIDEST: usize = 256;
/// What a value costs, beside its text.
const NODE: usize = 16;
/// What a number with a fraction costs; the longest is 300 digits long.
const REAL: usize = 64;
/// What each character costs where a text is taken apart into values.
const PIECE: usize = 32;

/// Weighs a value and everything in it.
const WEIGH: &str = "(weigh)";
/// Weighs a text; of anything else only how many it holds.
const COUNT: &str = "(count)";
/// The same, of a text that is taken apart.
const SPREAD: &str = "(spread)";
/// Weighs a value and everything in it, and a text as one that is taken apart.
const PIECES: &str = "(pieces)";
/// Weighs a text that is reached into; reaching into anything else costs nothing.
const REACH: &str = "(reach)";
/// Makes a list of what would be computed again each time it is looked at.
const SETTLE: &str = "(settle)";
/// A part of a text or a list.
const PART: &str = "(part)";
/// A product.
const TIMES: &str = "(times)";

/// Filters that look at texts as wholes and at lists without what they hold.
const COUNTING: &[&str] = &["length", "count", "first", "last", "default", "d"];
/// Filters that take apart what they are given, and look at nothing within.
const SPREADING: &[&str] = &["list", "items", "selectattr", "rejectattr"];
/// Filters that make a text of a text without taking it apart.
const WHOLE: &[&str] = &[
    "abs",
    "attr",
    "bool",
    "capitalize",
    "e",
    "escape",
    "float",
    "indent",
    "int",
    "lower",
    "replace",
    "round",
    "safe",
    "string",
    "title",
    "tojson",
    "trim",
    "upper",
];
/// Tests that ask what something is.
const ASKING: &[&str] = &[
    "boolean",
    "defined",
    "false",
    "float",
    "int",
    "integer",
    "iterable",
    "mapping",
    "none",
    "number",
    "sequence",
    "string",
    "true",
    "undefined",
];
/// Filters that no template uses and whose results are of no size that their arguments show.
const REMOVED: &[&str] = &[
    "batch", "center", "chain", "format", "groupby", "pprint", "slice", "zip",
];

/// What a rendering may still cost.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    left: Arc<AtomicU64>,
    namespaces: Arc<AtomicU64>,
}

/// A template that counts what it does.
pub(crate) type Compiled<'a> = (Instructions<'a>, BTreeMap<&'a str, Instructions<'a>>);

fn refused(problem: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, problem.into())
}

impl Meter {
    /// For putting into words what has a size of `input`.
    pub(crate) fn new(input: u64) -> Meter {
        let left = input.saturating_mul(SHARE).saturating_add(BASE);
        Meter {
            left: Arc::new(AtomicU64::new(left)),
            namespaces: Arc::new(AtomicU64::new(MOST_NAMESPACES)),
        }
    }

    /// Takes some units off.
    pub(crate) fn charge(&self, units: usize) -> Result<(), Error> {
        let take = |left: u64| left.checked_sub(units as u64);
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        match taken {
            Ok(_) => Ok(()),
            Err(_) => Err(refused("the template makes or compares too much")),
        }
    }

    /// Takes off the size of a value and of everything in it.
    pub(crate) fn weigh(&self, value: &Value) -> Result<(), Error> {
        self.weigh_to(value, DEEPEST)
    }

    fn weigh_to(&self, value: &Value, depth: usize) -> Result<(), Error> {
        self.charge(NODE)?;
        match value.kind() {
            ValueKind::String | ValueKind::Bytes => return self.charge(length(value)),
            ValueKind::Number => return self.charge(if value.is_integer() { 0 } else { REAL }),
            ValueKind::Map | ValueKind::Seq | ValueKind::Iterable => {}
            _ => return Ok(()),
        }
        let Some(depth) = depth.checked_sub(1) else {
            return Err(refused("the template puts lists too deep into one another"));
        };
        for item in value.try_iter()? {
            if value.kind() == ValueKind::Map {
                self.weigh_to(&value.get_item(&item)?, depth)?;
            }
            self.weigh_to(&item, depth)?;
        }
        Ok(())
    }

    /// Takes off a text's size, `each` for a byte of it, or how many values lie in a list.
    fn count(&self, value: &Value, each: usize) -> Result<(), Error> {
        match value.kind() {
            ValueKind::String | ValueKind::Bytes => self.charge(length(value).saturating_mul(each)),
            _ => self.charge(NODE.saturating_mul(value.len().unwrap_or(0).saturating_add(1))),
        }
    }

    /// A list of what is computed anew each time it is looked at; other values as they are.
    fn settle(&self, value: Value) -> Result<Value, Error> {
        if value.kind() != ValueKind::Iterable && !is_lazy(&value) {
            return Ok(value);
        }
        let mut all = Vec::new();
        for item in value.try_iter()? {
            self.charge(NODE)?;
            all.push(item);
        }
        Ok(Value::from(all))
    }

    /// Puts what counts into an engine, and takes away what cannot be counted.
    pub(crate) fn install(&self, environment: &mut Environment<'_>) {
        for name in REMOVED {
            environment.remove_filter(name);
        }
        environment.remove_global("debug");
        let meter = self.clone();
        environment.add_filter(WEIGH, move |value: Value| {
            meter.weigh(&value).map(|()| value)
        });
        let meter = self.clone();
        environment.add_filter(COUNT, move |value: Value| {
            meter.count(&value, 1).map(|()| value)
        });
        let meter = self.clone();
        environment.add_filter(SPREAD, move |value: Value| {
            meter.count(&value, PIECE).map(|()| value)
        });
        let meter = self.clone();
        environment.add_filter(PIECES, move |value: Value| {
            meter.charge(length(&value).saturating_mul(PIECE))?;
            meter.weigh(&value).map(|()| value)
        });
        let meter = self.clone();
        environment.add_filter(REACH, move |value: Value| match value.as_str() {
            Some(text) => meter.charge(text.len()).map(|()| value),
            None => Ok(value),
        });
        let meter = self.clone();
        environment.add_filter(SETTLE, move |value: Value| meter.settle(value));
        let meter = self.clone();
        environment.add_filter(TIMES, move |a: &Value, b: &Value| meter.product(a, b));
        let meter = self.clone();
        environment.add_filter(
            PART,
            move |whole: &Value, start: Option<i64>, stop: Option<i64>, step: Option<i64>| {
                meter.part(whole, start, stop, step.unwrap_or(1))
            },
        );
        let meter = self.clone();
        let join = Value::from_function(filters::join);
        environment.add_filter(
            "join",
            move |state: &mut State<'_, '_>, arguments: Rest<ValueOrKwargs>| {
                let arguments: Vec<Value> =
                    arguments.iter().map(|value| (**value).clone()).collect();
                let between = arguments.get(1).map_or(0, length);
                let pieces = arguments.first().and_then(Value::len).unwrap_or(0);
                meter.charge(between.saturating_mul(pieces))?;
                arguments.iter().try_for_each(|value| meter.weigh(value))?;
                join.call(state, &arguments)
            },
        );
        let meter = self.clone();
        environment.add_filter("replace", move |text: &str, from: &str, to: &str| {
            meter.replace(text, from, to)
        });
        let meter = self.clone();
        environment.add_filter(
            "indent",
            move |text: &str, width: Option<usize>, first: Option<bool>, blank: Option<bool>| {
                meter.indent(
                    text,
                    width.unwrap_or(4),
                    first == Some(true),
                    blank == Some(true),
                )
            },
        );
        let meter = self.clone();
        environment.add_function("namespace", move |defaults: Option<ValueOrKwargs>| {
            let take = |left: u64| left.checked_sub(1);
            let taken = meter
                .namespaces
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
            taken.map_err(|_| refused("the template makes too many namespaces"))?;
            defaults.iter().try_for_each(|value| meter.weigh(value))?;
            functions::namespace(defaults)
        });
        let meter = self.clone();
        environment.add_function("dict", move |value: Option<Value>, more: Kwargs| {
            value.iter().try_for_each(|value| meter.weigh(value))?;
            for name in more.args() {
                meter.weigh(&more.peek(name)?)?;
            }
            functions::dict(value, more)
        });
        let meter = self.clone();
        environment.set_formatter(move |out, state, value| {
            meter.weigh(value)?;
            escape_formatter(out, state, value)
        });
    }

    /// `whole[start:stop:step]`, as Python has it. (The engine's own misses what a step backwards asks for.)
    fn part(
        &self,
        whole: &Value,
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
    ) -> Result<Value, Error> {
        if step == 0 {
            return Err(refused("a step may not be 0"));
        }
        let cut =
            |all: &mut dyn Iterator<Item = Result<Value, Error>>| -> Result<Vec<Value>, Error> {
                let all: Vec<Value> = all.collect::<Result<_, Error>>()?;
                let length = i64::try_from(all.len()).unwrap_or(i64::MAX);
                // Places before the first and behind the last one that a step may reach.
                let (least, most) = if step > 0 {
                    (0, length)
                } else {
                    (-1, length - 1)
                };
                let place = |stated: Option<i64>, otherwise| match stated {
                    Some(place) if place < 0 => place.saturating_add(length).clamp(least, most),
                    Some(place) => place.clamp(least, most),
                    None => otherwise,
                };
                let mut at = place(start, if step > 0 { least } else { most });
                let end = place(stop, if step > 0 { most } else { least });
                let mut taken = Vec::new();
                while (step > 0 && at < end) || (step < 0 && at > end) {
                    taken.extend(usize::try_from(at).ok().and_then(|at| all.get(at)).cloned());
                    at = at.saturating_add(step);
                }
                Ok(taken)
            };
        if let Some(text) = whole.as_str() {
            self.charge(text.len().saturating_mul(PIECE))?;
            let taken = cut(&mut text.chars().map(|character| Ok(Value::from(character))))?;
            let texts = taken.iter().filter_map(Value::as_str);
            return Ok(Value::from(texts.collect::<String>()));
        }
        let one = |item| self.charge(NODE).map(|()| item);
        Ok(Value::from(cut(&mut whole.try_iter()?.map(one))?))
    }

    /// `a * b`: numbers, or a text so many times.
    fn product(&self, a: &Value, b: &Value) -> Result<Value, Error> {
        let (text, times) = match (a.as_str(), b.as_str()) {
            (Some(text), None) => (Some(text), b),
            (None, Some(text)) => (Some(text), a),
            _ => (None, a),
        };
        if let Some(text) = text {
            let times = times
                .as_usize()
                .ok_or_else(|| refused("a text can be repeated a whole number of times"))?;
            self.charge(text.len().saturating_mul(times).saturating_add(NODE))?;
            return Ok(Value::from(text.repeat(times)));
        }
        let whole = |value: &Value| value.is_integer() && value.kind() == ValueKind::Number;
        if whole(a) && whole(b) {
            let (a, b) = (i128::try_from(a.clone())?, i128::try_from(b.clone())?);
            return match a
                .checked_mul(b)
                .map(|product| (i64::try_from(product), product))
            {
                Some((Ok(product), _)) => Ok(Value::from(product)),
                Some((Err(_), product)) => Ok(Value::from(product)),
                None => Err(refused("a product is too large")),
            };
        }
        Ok(Value::from(
            f64::try_from(a.clone())? * f64::try_from(b.clone())?,
        ))
    }

    /// A text with another in place of each of a third.
    pub(crate) fn replace(&self, text: &str, from: &str, to: &str) -> Result<Value, Error> {
        self.charge(text.len())?;
        let places = text.matches(from).count();
        self.charge(places.saturating_mul(to.len()))?;
        Ok(Value::from(text.replace(from, to)))
    }

    /// The parts of a text, or of its first `most` parts and the rest.
    pub(crate) fn split(
        &self,
        text: &str,
        separator: Option<&str>,
        most: Option<usize>,
    ) -> Result<Value, Error> {
        self.charge(text.len())?;
        let part = |part: &str| self.charge(PIECE).map(|()| Value::from(part));
        let parts: Result<Vec<Value>, Error> = match (separator, most) {
            (Some(""), _) => return Err(refused("a text cannot be split at nothing")),
            (Some(separator), None) => text.split(separator).map(part).collect(),
            (Some(separator), Some(most)) => text
                .splitn(most.saturating_add(1), separator)
                .map(part)
                .collect(),
            (None, _) => text.split_whitespace().map(part).collect(),
        };
        parts.map(Value::from)
    }

    /// Refuses an indentation of JSON that is too wide, and counts what it adds.
    pub(crate) fn indented_json(&self, value: &Value, width: usize) -> Result<(), Error> {
        // Every line is of a value, which costs at least its node, and lies no deeper than values may.
        if width > WIDEST {
            return Err(refused("an indentation is too wide"));
        }
        for _ in 0..width {
            self.weigh(value)?;
        }
        Ok(())
    }

    /// Lines after the first with blanks before them; the first too, and empty ones, where asked for.
    fn indent(&self, text: &str, width: usize, first: bool, blank: bool) -> Result<String, Error> {
        if width > WIDEST {
            return Err(refused("an indentation is too wide"));
        }
        let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
        self.charge(text.len().saturating_add(lines * width))?;
        let blanks = " ".repeat(width);
        let mut indented = String::with_capacity(text.len() + lines * width);
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                indented.push('\n');
            }
            if (number > 0 || first) && (!line.is_empty() || blank) {
                indented.push_str(&blanks);
            }
            indented.push_str(line);
        }
        Ok(indented)
    }
}

/// Bytes of a text.
fn length(value: &Value) -> usize {
    value.as_bytes().map_or(0, <[u8]>::len)
}

/// Whether a sequence is one in name only: what is appended to or cut from another.
fn is_lazy(value: &Value) -> bool {
    value.kind() == ValueKind::Seq && value.downcast_object_ref::<Vec<Value>>().is_none()
}

/// Compiles a template into one that counts.
pub(crate) fn compile<'a>(template: &'a str, syntax: &SyntaxConfig) -> Result<Compiled<'a>, Error> {
    const NAME: &str = "<string>";
    refuse_long(template, syntax)?;
    let tree = parse(template, NAME, syntax.clone())?;
    let mut generator = CodeGenerator::new(NAME, template);
    generator.compile_stmt(&statement(&tree)?);
    Ok(generator.finish())
}

/// Refuses what would take the compiler more stack than there is.
fn refuse_long(template: &str, syntax: &SyntaxConfig) -> Result<(), Error> {
    let too_long = |what: &str| {
        Err(Error::new(
            ErrorKind::SyntaxError,
            format!("{what} is too long"),
        ))
    };
    if template.len() > LONGEST {
        return too_long("the template");
    }
    let (mut tokens, mut branches) = (0, 0);
    for token in tokenize(template, false, syntax.clone()) {
        match token?.0 {
            Token::BlockStart | Token::VariableStart => tokens = 0,
            Token::Ident("elif") if tokens == 0 => branches += 1,
            _ => tokens += 1,
        }
        if tokens > MOST_IN_A_TAG {
            return too_long("a tag");
        }
        if branches > MOST_IN_A_TAG {
            return too_long("a condition");
        }
    }
    Ok(())
}

fn through<'a>(filter: &'a str, expression: Expr<'a>, span: Span) -> Expr<'a> {
    let filter = Filter {
        name: filter,
        expr: Some(expression),
        args: Vec::new(),
    };
    Expr::Filter(Spanned::new(filter, span))
}

/// An operand that is weighed; short constants are not, for they weigh nothing.
fn weighed<'a>(operand: &Expr<'a>) -> Result<Expr<'a>, Error> {
    passed(WEIGH, operand)
}

fn passed<'a>(filter: &'a str, operand: &Expr<'a>) -> Result<Expr<'a>, Error> {
    let short = matches!(operand, Expr::Const(constant) if length(&constant.value) <= 64);
    let inner = expression(operand)?;
    match short {
        true => Ok(inner),
        false => Ok(through(filter, inner, operand.span())),
    }
}

fn all<'a>(
    expressions: &[Expr<'a>],
    each: impl Fn(&Expr<'a>) -> Result<Expr<'a>, Error>,
) -> Result<Vec<Expr<'a>>, Error> {
    expressions.iter().map(each).collect()
}

fn optional<'a>(found: Option<&Expr<'a>>) -> Result<Option<Expr<'a>>, Error> {
    found.map(expression).transpose()
}

fn arguments<'a>(
    all: &[CallArg<'a>],
    each: impl Fn(&Expr<'a>) -> Result<Expr<'a>, Error>,
) -> Result<Vec<CallArg<'a>>, Error> {
    all.iter()
        .map(|argument| {
            Ok(match argument {
                CallArg::Pos(value) => CallArg::Pos(each(value)?),
                CallArg::Kwarg(name, value) => CallArg::Kwarg(name, each(value)?),
                CallArg::PosSplat(value) => CallArg::PosSplat(each(value)?),
                CallArg::KwargSplat(value) => CallArg::KwargSplat(each(value)?),
            })
        })
        .collect()
}

/// An expression whose operands are weighed.
fn expression<'a>(found: &Expr<'a>) -> Result<Expr<'a>, Error> {
    let span = found.span();
    Ok(match found {
        Expr::Var(variable) => Expr::Var(Spanned::new(Var { id: variable.id }, span)),
        Expr::Const(constant) => {
            let value = constant.value.clone();
            Expr::Const(Spanned::new(Const { value }, span))
        }
        Expr::Slice(slice) => {
            let bound = |bound: &Option<Expr<'a>>| match bound {
                Some(bound) => expression(bound),
                None => Ok(Expr::Const(Spanned::new(
                    Const {
                        value: Value::from(()),
                    },
                    span,
                ))),
            };
            let filter = Filter {
                name: PART,
                expr: Some(expression(&slice.expr)?),
                args: vec![
                    CallArg::Pos(bound(&slice.start)?),
                    CallArg::Pos(bound(&slice.stop)?),
                    CallArg::Pos(bound(&slice.step)?),
                ],
            };
            Expr::Filter(Spanned::new(filter, span))
        }
        Expr::UnaryOp(operation) => {
            // No copy of it can be had.
            let op = if matches!(operation.op, UnaryOpKind::Not) {
                UnaryOpKind::Not
            } else {
                UnaryOpKind::Neg
            };
            let expr = expression(&operation.expr)?;
            Expr::UnaryOp(Spanned::new(UnaryOp { op, expr }, span))
        }
        Expr::BinOp(operation) => binary(operation, span)?,
        Expr::Compare(comparison) => {
            let ops: Result<Vec<CompareOp<'a>>, Error> = comparison
                .ops
                .iter()
                .map(|CompareOp { op, expr }| {
                    let expr = weighed(expr)?;
                    Ok(CompareOp { op: *op, expr })
                })
                .collect();
            let comparison = Compare {
                expr: weighed(&comparison.expr)?,
                ops: ops?,
            };
            Expr::Compare(Spanned::new(comparison, span))
        }
        Expr::IfExpr(choice) => {
            let choice = IfExpr {
                test_expr: expression(&choice.test_expr)?,
                true_expr: expression(&choice.true_expr)?,
                false_expr: optional(choice.false_expr.as_ref())?,
            };
            Expr::IfExpr(Spanned::new(choice, span))
        }
        Expr::Filter(filter) => {
            let measure = match filter.name {
                name if COUNTING.contains(&name) => COUNT,
                name if SPREADING.contains(&name) => SPREAD,
                name if WHOLE.contains(&name) => WEIGH,
                _ => PIECES,
            };
            let filter = Filter {
                name: filter.name,
                expr: filter
                    .expr
                    .as_ref()
                    .map(|value| passed(measure, value))
                    .transpose()?,
                args: arguments(&filter.args, weighed)?,
            };
            through(SETTLE, Expr::Filter(Spanned::new(filter, span)), span)
        }
        Expr::Test(test) => {
            let asking = ASKING.contains(&test.name);
            let test = Test {
                name: test.name,
                expr: if asking {
                    expression(&test.expr)?
                } else {
                    weighed(&test.expr)?
                },
                args: arguments(&test.args, weighed)?,
            };
            Expr::Test(Spanned::new(test, span))
        }
        Expr::GetAttr(get) => {
            let expr = expression(&get.expr)?;
            Expr::GetAttr(Spanned::new(
                GetAttr {
                    expr,
                    name: get.name,
                },
                span,
            ))
        }
        Expr::GetItem(get) => {
            let get = GetItem {
                expr: passed(REACH, &get.expr)?,
                subscript_expr: expression(&get.subscript_expr)?,
            };
            Expr::GetItem(Spanned::new(get, span))
        }
        Expr::Call(found) => Expr::Call(call(found)?),
        Expr::List(list) => {
            let items = all(&list.items, weighed)?;
            Expr::List(Spanned::new(List { items }, span))
        }
        Expr::Tuple(tuple) => {
            let items = all(&tuple.items, weighed)?;
            Expr::Tuple(Spanned::new(Tuple { items }, span))
        }
        Expr::Map(map) => {
            let map = Map {
                keys: all(&map.keys, weighed)?,
                values: all(&map.values, weighed)?,
            };
            Expr::Map(Spanned::new(map, span))
        }
    })
}

fn binary<'a>(operation: &BinOp<'a>, span: Span) -> Result<Expr<'a>, Error> {
    let BinOp { op, left, right } = operation;
    if matches!(op, BinOpKind::Mul) {
        let filter = Filter {
            name: TIMES,
            expr: Some(expression(left)?),
            args: vec![CallArg::Pos(expression(right)?)],
        };
        return Ok(Expr::Filter(Spanned::new(filter, span)));
    }
    let chooses = matches!(op, BinOpKind::ScAnd | BinOpKind::ScOr);
    let operand = |value| {
        if chooses {
            expression(value)
        } else {
            weighed(value)
        }
    };
    let operation = BinOp {
        op: *op,
        left: operand(left)?,
        right: operand(right)?,
    };
    let made = Expr::BinOp(Spanned::new(operation, span));
    Ok(match op {
        // Lists that are joined are computed each time they are looked at.
        BinOpKind::Add => through(SETTLE, made, span),
        _ => made,
    })
}

/// A call. Functions and macros look at nothing they are given; methods do.
fn call<'a>(found: &Spanned<Call<'a>>) -> Result<Spanned<Call<'a>>, Error> {
    let (expr, args) = match &found.expr {
        Expr::GetAttr(method) => {
            let get = GetAttr {
                expr: passed(COUNT, &method.expr)?,
                name: method.name,
            };
            let method = Expr::GetAttr(Spanned::new(get, method.span()));
            (method, arguments(&found.args, weighed)?)
        }
        other => (expression(other)?, arguments(&found.args, expression)?),
    };
    Ok(Spanned::new(Call { expr, args }, found.span()))
}

/// What stands on the left of an assignment, which computes nothing.
fn target<'a>(found: &Expr<'a>) -> Result<Expr<'a>, Error> {
    let span = found.span();
    Ok(match found {
        Expr::List(list) => {
            let items = all(&list.items, target)?;
            Expr::List(Spanned::new(List { items }, span))
        }
        Expr::Tuple(tuple) => {
            let items = all(&tuple.items, target)?;
            Expr::Tuple(Spanned::new(Tuple { items }, span))
        }
        other => expression(other)?,
    })
}

fn statements<'a>(found: &[Stmt<'a>]) -> Result<Vec<Stmt<'a>>, Error> {
    found.iter().map(statement).collect()
}

fn macro_of<'a>(found: &Spanned<Macro<'a>>) -> Result<Spanned<Macro<'a>>, Error> {
    let made = Macro {
        name: found.name,
        args: all(&found.args, target)?,
        defaults: all(&found.defaults, expression)?,
        body: statements(&found.body)?,
    };
    Ok(Spanned::new(made, found.span()))
}

/// A statement whose expressions count, and whose text is written as a value is.
fn statement<'a>(found: &Stmt<'a>) -> Result<Stmt<'a>, Error> {
    Ok(match found {
        Stmt::Template(template) => {
            let children = statements(&template.children)?;
            Stmt::Template(Spanned::new(Template { children }, template.span()))
        }
        Stmt::EmitExpr(emit) => {
            let expr = expression(&emit.expr)?;
            Stmt::EmitExpr(Spanned::new(EmitExpr { expr }, emit.span()))
        }
        Stmt::EmitRaw(raw) => {
            let value = Value::from_safe_string(raw.raw.to_owned());
            let expr = Expr::Const(Spanned::new(Const { value }, raw.span()));
            Stmt::EmitExpr(Spanned::new(EmitExpr { expr }, raw.span()))
        }
        Stmt::ForLoop(found) => {
            let made = ForLoop {
                target: target(&found.target)?,
                iter: passed(SPREAD, &found.iter)?,
                filter_expr: optional(found.filter_expr.as_ref())?,
                recursive: found.recursive,
                body: statements(&found.body)?,
                else_body: statements(&found.else_body)?,
            };
            Stmt::ForLoop(Spanned::new(made, found.span()))
        }
        Stmt::IfCond(found) => {
            let made = IfCond {
                expr: expression(&found.expr)?,
                true_body: statements(&found.true_body)?,
                false_body: statements(&found.false_body)?,
            };
            Stmt::IfCond(Spanned::new(made, found.span()))
        }
        Stmt::WithBlock(found) => {
            let each =
                |(name, value): &(Expr<'a>, Expr<'a>)| Ok((target(name)?, expression(value)?));
            let assignments: Result<_, Error> = found.assignments.iter().map(each).collect();
            let made = WithBlock {
                assignments: assignments?,
                body: statements(&found.body)?,
            };
            Stmt::WithBlock(Spanned::new(made, found.span()))
        }
        Stmt::Set(found) => {
            let into_namespace = matches!(found.target, Expr::GetAttr(_));
            let made = Set {
                target: target(&found.target)?,
                expr: if into_namespace {
                    weighed(&found.expr)?
                } else {
                    expression(&found.expr)?
                },
            };
            Stmt::Set(Spanned::new(made, found.span()))
        }
        Stmt::SetBlock(found) => {
            let made = SetBlock {
                target: target(&found.target)?,
                filter: optional(found.filter.as_ref())?,
                body: statements(&found.body)?,
            };
            Stmt::SetBlock(Spanned::new(made, found.span()))
        }
        Stmt::AutoEscape(found) => {
            let made = AutoEscape {
                enabled: expression(&found.enabled)?,
                body: statements(&found.body)?,
            };
            Stmt::AutoEscape(Spanned::new(made, found.span()))
        }
        Stmt::FilterBlock(found) => {
            let made = FilterBlock {
                filter: expression(&found.filter)?,
                body: statements(&found.body)?,
            };
            Stmt::FilterBlock(Spanned::new(made, found.span()))
        }
        Stmt::Macro(found) => Stmt::Macro(macro_of(found)?),
        Stmt::CallBlock(found) => {
            let made = CallBlock {
                call: call(&found.call)?,
                macro_decl: macro_of(&found.macro_decl)?,
            };
            Stmt::CallBlock(Spanned::new(made, found.span()))
        }
        Stmt::Do(found) => Stmt::Do(Spanned::new(
            Do {
                call: call(&found.call)?,
            },
            found.span(),
        )),
        Stmt::Block(_)
        | Stmt::Extends(_)
        | Stmt::Include(_)
        | Stmt::Import(_)
        | Stmt::FromImport(_) => {
            let problem = "a template is one file, without blocks";
            return Err(Error::new(ErrorKind::SyntaxError, problem));
        }
        Stmt::Continue(found) => Stmt::Continue(Spanned::new(
            minijinja::machinery::ast::Continue,
            found.span(),
        )),
        Stmt::Break(found) => {
            Stmt::Break(Spanned::new(minijinja::machinery::ast::Break, found.span()))
        }
    })
}
