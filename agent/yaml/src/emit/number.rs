//! The texts of numbers: integers as they are, floats as Go's `%g` prints the shortest of them.

use std::borrow::Cow;

use serde_json::Number;

use crate::json::integral;

/// The text of a JSON number.
pub(super) fn text(number: &Number) -> Cow<'static, str> {
    let float = (!number.is_i64() && !number.is_u64())
        .then(|| number.as_f64())
        .flatten();
    match float {
        None => number.to_string().into(),
        Some(value) => integral(value)
            .map_or_else(|| shortest(value), |whole| whole.to_string())
            .into(),
    }
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 64)`.
fn shortest(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if (-4..6).contains(&exponent) => format!("{value}"),
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        Err(_) => scientific,
    }
}
