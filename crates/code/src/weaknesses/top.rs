//! Which weaknesses are the most dangerous today?

use super::Cwe;

/// The CWE Top 25 of 2025, the most dangerous first (MITRE and CISA, December 2025).
pub static TOP_25: [Cwe; 25] = [
    Cwe(79),
    Cwe(89),
    Cwe(352),
    Cwe(862),
    Cwe(787),
    Cwe(22),
    Cwe(416),
    Cwe(125),
    Cwe(78),
    Cwe(94),
    Cwe(120),
    Cwe(434),
    Cwe(476),
    Cwe(121),
    Cwe(502),
    Cwe(122),
    Cwe(863),
    Cwe(20),
    Cwe(284),
    Cwe(200),
    Cwe(306),
    Cwe(918),
    Cwe(77),
    Cwe(639),
    Cwe(770),
];
