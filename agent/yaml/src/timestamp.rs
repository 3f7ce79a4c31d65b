//! Unquoted dates and times: the four formats that go-yaml reads, by the rules of Go's `time.Parse`.

use std::fmt::Write as _;
use std::str::Bytes;

/// The text as RFC 3339 with up to nine decimals, if it is a timestamp.
///
/// The formats are a date alone, or a date and a time of day after `T` or `t` with a zone, or after
/// spaces without one; months, days, hours, minutes and seconds may have one digit.
pub(crate) fn rfc3339(text: &str) -> Option<String> {
    let date_starts = matches!(
        text.as_bytes(),
        [a, b, c, d, b'-', ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit())
    );
    if !date_starts {
        return None;
    }
    let mut rest = Cursor(text.bytes());
    let date = Date::read(&mut rest)?;
    let time = match rest.peek() {
        None => Time::default(),
        Some(b'T' | b't') => {
            rest.0.next();
            Time::read(&mut rest)?.in_zone(&mut rest)?
        }
        Some(b' ') => {
            while rest.eat(b' ') {}
            Time::read(&mut rest)?
        }
        Some(_) => return None,
    };
    rest.peek().is_none().then(|| write(&date, &time))
}

struct Date {
    year: u32,
    month: u32,
    day: u32,
}

#[derive(Default)]
struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    /// Minutes east of Greenwich.
    zone: i32,
}

impl Date {
    fn read(rest: &mut Cursor<'_>) -> Option<Self> {
        let year = (0..4).try_fold(0, |year, _| Some(year * 10 + rest.digit()?))?;
        let month = rest.after(b'-')?;
        let day = rest.after(b'-')?;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=days)
            .contains(&day)
            .then_some(Self { year, month, day })
    }
}

impl Time {
    fn read(rest: &mut Cursor<'_>) -> Option<Self> {
        let hour = rest.one_or_two()?;
        let minute = rest.after(b':')?;
        let second = rest.after(b':')?;
        let nanosecond = rest.fraction();
        (hour < 24 && minute < 60 && second < 60).then_some(Self {
            hour,
            minute,
            second,
            nanosecond,
            zone: 0,
        })
    }

    fn in_zone(mut self, rest: &mut Cursor<'_>) -> Option<Self> {
        let sign = match rest.0.next()? {
            b'Z' => return Some(self),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = rest.digit()? * 10 + rest.digit()?;
        if !rest.eat(b':') {
            return None;
        }
        let minutes = rest.digit()? * 10 + rest.digit()?;
        if hours > 24 || minutes > 60 {
            return None;
        }
        self.zone = sign * i32::try_from(hours * 60 + minutes).ok()?;
        Some(self)
    }
}

fn write(date: &Date, time: &Time) -> String {
    let Date { year, month, day } = date;
    let Time {
        hour,
        minute,
        second,
        nanosecond,
        zone,
    } = time;
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if *nanosecond > 0 {
        let digits = format!("{nanosecond:09}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
    if *zone == 0 {
        text.push('Z');
        return text;
    }
    let sign = if *zone < 0 { '-' } else { '+' };
    let (hours, minutes) = (zone.abs() / 60, zone.abs() % 60);
    // Writing into a String cannot fail.
    let _ = write!(text, "{sign}{hours:02}:{minutes:02}");
    text
}

struct Cursor<'a>(Bytes<'a>);

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.0.clone().next()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.0.next();
        }
        is_next
    }

    fn digit(&mut self) -> Option<u32> {
        let digit = char::from(self.peek()?).to_digit(10)?;
        self.0.next();
        Some(digit)
    }

    fn one_or_two(&mut self) -> Option<u32> {
        let first = self.digit()?;
        Some(self.digit().map_or(first, |second| first * 10 + second))
    }

    fn after(&mut self, separator: u8) -> Option<u32> {
        if !self.eat(separator) {
            return None;
        }
        self.one_or_two()
    }

    /// Nanoseconds after a point or a comma; digits after the ninth are cut.
    fn fraction(&mut self) -> u32 {
        let mut ahead = self.0.clone();
        let starts = matches!(ahead.next(), Some(b'.' | b','))
            && ahead.next().is_some_and(|byte| byte.is_ascii_digit());
        if !starts {
            return 0;
        }
        self.0.next();
        let mut unit = 100_000_000;
        let mut nanosecond = 0;
        while let Some(digit) = self.digit() {
            nanosecond += digit * unit;
            unit /= 10;
        }
        nanosecond
    }
}
