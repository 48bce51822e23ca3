//! dev
use palinode_flow::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let l = palinode_code::languages::by_name(&a[1]).unwrap();
    let t = std::fs::read(&a[2]).unwrap();
    let p = l.parse_bytes(&t);
    if a.len() > 3 { eprintln!("{}", p.root().to_sexp()); }
    let an = analyze(&p, Tables::standard(), &Limits::STANDARD);
    let line = |s: usize| t[..s].iter().filter(|b| **b == b'\n').count() + 1;
    for f in &an.flows { println!("FLOW {} line {} {} from {:?} open={} shape={:?} cert={} guards={:?} san={:?}", f.site.kind, line(f.site.span.start), f.site.callee, f.source.name, f.is_open(), f.site.shape, f.certainty, f.guards.iter().map(|g| (g.check, g.holds, g.is_effective)).collect::<Vec<_>>(), f.sanitizers); }
    for f in &an.parameter_flows { println!("PARAM {} line {} {} from {:?} open={}", f.site.kind, line(f.site.span.start), f.site.callee, f.source.name, f.is_open()); }
    for f in &an.sites { println!("SITE {} line {} {} {:?}", f.kind, line(f.span.start), f.callee, f.shape); }
    println!("{:?}", an.omissions);
}
