//! The part of Go templates that Secrets' templates use: `{{ .key }}`, also with pipes that keep text.

use super::remote::Values;

/// Fills a template; the error names the key that is not there.
pub(super) fn fill(template: &str, values: &Values) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((action, end)) = after.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        filled.push_str(&evaluate(action, values)?);
        rest = end;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn evaluate(action: &str, values: &Values) -> Result<String, String> {
    let action = action.trim_matches(['-', ' ']);
    let expression = action.split('|').next().unwrap_or(action).trim();
    let key = match expression.strip_prefix("index . ") {
        Some(quoted) => quoted.trim_matches('"'),
        None => expression.strip_prefix('.').unwrap_or(expression),
    };
    let key = key.split_whitespace().next().unwrap_or(key);
    values
        .get(key)
        .cloned()
        .ok_or_else(|| format!("could not execute template: map has no entry for key \"{key}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_replaced_and_missing_ones_named() {
        let values = Values::from([("a".into(), "1".into()), ("b-c".into(), "2".into())]);
        let check = |template, expected: Result<&str, &str>| {
            let filled = fill(template, &values);
            let filled = filled.as_ref().map(String::as_str).map_err(String::as_str);
            assert_eq!(filled, expected, "{template}");
        };
        check("no action", Ok("no action"));
        check("{{ .a }}/{{.a}}", Ok("1/1"));
        check("{{ .a | toString }}", Ok("1"));
        check("x{{- index . \"b-c\" -}}y", Ok("x2y"));
        check(
            "{{ .z }}",
            Err("could not execute template: map has no entry for key \"z\""),
        );
    }
}
