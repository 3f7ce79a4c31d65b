//! The natural order of keys that go-yaml prints mappings in.

use std::cmp::Ordering;

type Field<'a, T> = (&'a str, &'a T);

/// The fields of a mapping, which come in the order of bytes, in the order of their keys.
pub(super) fn sorted<T>(fields: Vec<Field<'_, T>>) -> Vec<Field<'_, T>> {
    let is_sorted = fields.is_sorted_by(|(a, _), (b, _)| natural(b, a) != Ordering::Less);
    if is_sorted {
        fields
    } else {
        merge_sort(fields)
    }
}

/// The standard library's sort may panic on an order that is not total, as this one for absurd keys.
fn merge_sort<T>(mut left: Vec<Field<'_, T>>) -> Vec<Field<'_, T>> {
    if left.len() < 2 {
        return left;
    }
    let right = merge_sort(left.split_off(left.len() / 2));
    let mut left = merge_sort(left).into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    for field in right {
        while let Some(smaller) = left.next_if(|(key, _)| natural(field.0, key) != Ordering::Less) {
            merged.push(smaller);
        }
        merged.push(field);
    }
    merged.extend(left);
    merged
}

/// Letters after everything else, runs of digits as numbers, the rest by code point.
fn natural(a: &str, b: &str) -> Ordering {
    let common = common_prefix(a, b);
    let (before, rest_a) = a.split_at(common);
    let rest_b = b.get(common..).unwrap_or_default();
    let (Some(first_a), Some(first_b)) = (rest_a.chars().next(), rest_b.chars().next()) else {
        return rest_a.len().cmp(&rest_b.len());
    };
    match (is_letter(first_a), is_letter(first_b)) {
        (true, true) => return first_a.cmp(&first_b),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero inside a number counts, a leading one does not.
    let zero = first_a == '0' || first_b == '0';
    let inside = zero
        && before
            .chars()
            .rev()
            .take_while(|char| is_digit(*char))
            .any(|char| char != '0');
    let start = i64::from(inside);
    let (number_a, digits_a) = leading_number(rest_a, start);
    let (number_b, digits_b) = leading_number(rest_b, start);
    number_a
        .cmp(&number_b)
        .then(digits_a.cmp(&digits_b))
        .then(first_a.cmp(&first_b))
}

/// The bytes of the characters that two texts share at their starts.
fn common_prefix(a: &str, b: &str) -> usize {
    let mut same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    while !a.is_char_boundary(same) || !b.is_char_boundary(same) {
        same -= 1;
    }
    same
}

/// The value and the length of the digits that a text starts with; a long run wraps, as in Go.
fn leading_number(text: &str, start: i64) -> (i64, usize) {
    let digits = text.chars().take_while(|char| is_digit(*char));
    digits.fold((start, 0), |(number, count), digit| {
        let digit = i64::from(u32::from(digit)) - i64::from(u32::from('0'));
        (number.wrapping_mul(10).wrapping_add(digit), count + 1)
    })
}

fn is_letter(char: char) -> bool {
    char.is_alphabetic() && !char.is_numeric()
}

fn is_digit(char: char) -> bool {
    char.is_ascii_digit() || !char.is_ascii() && char.is_numeric()
}
