//! The texts of floats as Go writes them, in JSON and in YAML.

use std::borrow::Cow;

use serde_json::Number;

/// The text of a JSON number in YAML: integers as they are, floats as Go's `%g` with the fewest digits.
pub(crate) fn text(number: &Number) -> Cow<'static, str> {
    let is_float = !number.is_i64() && !number.is_u64();
    let float = if is_float { number.as_f64() } else { None };
    match float {
        None => number.to_string().into(),
        Some(value) => match integral(value) {
            Some(whole) => whole.to_string().into(),
            None => shortest(value).into(),
        },
    }
}

/// The integer that a float is in Go's JSON: below 1e21 it is written without an exponent.
pub(crate) fn integral(value: f64) -> Option<Number> {
    let decimal = Decimal::of(value)?;
    let digits = decimal.whole()?;
    let signed = digits.parse::<i64>().map(Number::from);
    let number = signed.or_else(|_| digits.parse::<u64>().map(Number::from));
    number.ok()
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 64)`.
fn shortest(value: f64) -> String {
    let Some(Decimal {
        sign,
        digits,
        exponent,
    }) = Decimal::of(value)
    else {
        return value.to_string();
    };
    let (first, more) = digits.split_at(1.min(digits.len()));
    if !(-4..6).contains(&exponent) {
        let point = if more.is_empty() { "" } else { "." };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        let exponent = exponent.unsigned_abs();
        return format!("{sign}{first}{point}{more}e{exponent_sign}{exponent:02}");
    }
    if exponent < 0 {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent.unsigned_abs() as usize + 1;
    match digits.split_at_checked(whole) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits:0<whole$}"),
    }
}

/// A float in the fewest digits: the point stands after the first one, times ten to the exponent.
struct Decimal {
    sign: &'static str,
    digits: String,
    exponent: i32,
}

impl Decimal {
    /// Takes the digits from the JSON text: of two equally near ones it has the even one, as Go has.
    fn of(value: f64) -> Option<Self> {
        let text = Number::from_f64(value)?.to_string();
        let unsigned = text.strip_prefix('-');
        let sign = if unsigned.is_some() { "-" } else { "" };
        let unsigned = unsigned.unwrap_or(&text);
        let (mantissa, exponent) = unsigned.split_once('e').unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let zeros = i32::try_from(all.len() - significant.len()).ok()?;
        let exponent = exponent.parse::<i32>().ok()? + i32::try_from(whole.len()).ok()? - 1 - zeros;
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self {
                sign,
                digits: "0".to_owned(),
                exponent: 0,
            });
        }
        Some(Self {
            sign,
            digits: digits.to_owned(),
            exponent,
        })
    }

    /// All digits, if it has no fraction and is below 1e21.
    fn whole(&self) -> Option<String> {
        let count = usize::try_from(self.exponent).ok()? + 1;
        let (sign, digits) = (self.sign, &self.digits);
        (count <= 21 && digits.len() <= count).then(|| format!("{sign}{digits:0<count$}"))
    }
}
