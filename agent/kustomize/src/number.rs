//! Floats as Go prints them.

/// The shortest form, as `strconv.FormatFloat(value, 'g', -1, 64)`.
pub(crate) fn shortest(value: f64) -> String {
    with_exponent_from(value, 6)
}

/// As `fmt`'s `%v`.
pub(crate) fn printed(value: f64) -> String {
    with_exponent_from(value, 21)
}

fn with_exponent_from(value: f64, limit: i32) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..limit).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::shortest;

    #[test]
    fn floats_are_printed_as_go_prints_them() {
        let check = |value, expected| assert_eq!(shortest(value), expected);
        check(1.0, "1");
        check(1.5, "1.5");
        check(123_456.0, "123456");
        check(1e6, "1e+06");
        check(100_000_000.5, "1.000000005e+08");
        check(1e-5, "1e-05");
    }
}
