//! Calendar dates and columns of them.
//!
//! A date is a day of the proleptic Gregorian calendar in the years 1 to 9999, so that it always
//! has the ten signs of its ISO form; there are no times of day and no time zones.

use std::fmt;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Date32Array, Int64Array, StringArray};
use chrono::format::{Item, StrftimeItems};
use chrono::{Datelike, Months, NaiveDate};

use super::arithmetic::BinaryOp;
use super::error::TableError;
use super::frame::Kind;
use super::vector::Vector;
use crate::choice::Choice;
use crate::error::{Error, Result};

/// A day, shown as `2023-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}-{:02}", self.year(), self.month(), self.day()))
    }
}

/// A number that a date has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePart {
    /// 1 to 9999.
    Year,
    /// 1 to 4.
    Quarter,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
    /// 1 (Monday) to 7.
    Weekday,
}

impl Choice for DatePart {
    const ALL: &'static [(&'static str, Self)] = &[
        ("year", Self::Year),
        ("quarter", Self::Quarter),
        ("month", Self::Month),
        ("day", Self::Day),
        ("weekday", Self::Weekday),
    ];
}

impl Date {
    fn checked(date: NaiveDate) -> Option<Self> {
        (1..=9999).contains(&date.year()).then_some(Self(date))
    }

    /// The given day, if the calendar has it.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        Self::checked(NaiveDate::from_ymd_opt(year, month, day)?)
    }

    /// The day `days` after 1970-01-01, as Arrow counts.
    pub fn from_days(days: i32) -> Option<Self> {
        Self::checked(NaiveDate::from_epoch_days(days)?)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.0.to_epoch_days()
    }

    /// The date in `text`: `2023-01-31`, also with a midnight behind it, or `31.01.2023`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |digits: &str, lengths: std::ops::RangeInclusive<usize>| {
            let fine =
                lengths.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
            fine.then(|| digits.parse::<u32>().ok()).flatten()
        };
        if !text.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        if let Some((day, rest)) = text.split_once('.').filter(|(day, _)| day.len() <= 2) {
            let (month, year) = rest.split_once('.')?;
            return Self::new(
                number(year, 4..=4)? as i32,
                number(month, 1..=2)?,
                number(day, 1..=2)?,
            );
        }
        let (date, time) = match text.find(['T', ' ']) {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, ""),
        };
        // Programs that keep times write a day as its midnight.
        let clock = time.strip_suffix('Z').unwrap_or(time);
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
        let midnight = matches!(clock, "" | "00:00:00" | "00:00");
        if !midnight || fraction.bytes().any(|byte| byte != b'0') {
            return None;
        }
        let mut parts = date.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || day.is_empty() {
            return None;
        }
        Self::new(number(year, 4..=4)? as i32, number(month, 2..=2)?, number(day, 2..=2)?)
    }

    /// The date in `text` written as `format` says (`%d/%m/%Y`; the letters of `strftime`).
    pub fn parse_as(text: &str, format: &str) -> Result<Option<Self>> {
        if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) {
            return Err(Error::Invalid {
                primitive: "date",
                parameter: "format",
                rule: "be made of %d, %m, %Y, %y, %b, %B, %j and signs between them".into(),
                value: format!("\"{format}\""),
            });
        }
        Ok(NaiveDate::parse_from_str(text, format).ok().and_then(Self::checked))
    }

    /// The date `days` later, if it is in the years 1 to 9999.
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let days = i64::from(self.days()).checked_add(days)?;
        Self::from_days(i32::try_from(days).ok()?)
    }

    /// The same day `months` later, or that month's last day where it is shorter.
    pub fn plus_months(self, months: i64) -> Option<Self> {
        let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
        Self::checked(if months < 0 {
            self.0.checked_sub_months(count)?
        } else {
            self.0.checked_add_months(count)?
        })
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u32 {
        self.0.month()
    }

    /// The day of the month.
    pub fn day(self) -> u32 {
        self.0.day()
    }

    /// The number `part`.
    pub fn part(self, part: DatePart) -> i64 {
        match part {
            DatePart::Year => self.year().into(),
            DatePart::Quarter => self.month().div_ceil(3).into(),
            DatePart::Month => self.month().into(),
            DatePart::Day => self.day().into(),
            DatePart::Weekday => self.0.weekday().number_from_monday().into(),
        }
    }

    /// Months since the year 0, which counts periods of a month.
    pub fn month_number(self) -> i64 {
        i64::from(self.year()) * 12 + i64::from(self.month()) - 1
    }

    /// The date on a scale of years: `2023.5` is the middle of 2023.
    pub fn decimal_year(self) -> f64 {
        let days = if self.0.leap_year() { 366.0 } else { 365.0 };
        f64::from(self.year()) + f64::from(self.0.ordinal0()) / days
    }
}

fn overflow(primitive: &str) -> Error {
    TableError::DateRange { primitive: primitive.to_owned() }.into()
}

impl Vector {
    /// A date vector with missing values.
    pub fn from_dates(values: impl IntoIterator<Item = Option<Date>>) -> Self {
        let array: Date32Array = values.into_iter().map(|date| date.map(Date::days)).collect();
        Self::new(Arc::new(array))
    }

    /// The values as dates: a date column as it is, text that reads as dates, or no value at all.
    ///
    /// `format` names how text is written where it is neither `2023-01-31` nor `31.01.2023`.
    pub fn dates(&self, primitive: &str, format: Option<&str>) -> Result<Date32Array> {
        let any = self.array().as_any();
        if let Some(dates) = any.downcast_ref::<Date32Array>() {
            return Ok(dates.clone());
        }
        if self.missing() == self.len() {
            return Ok(Date32Array::from(vec![None; self.len()]));
        }
        let Some(texts) = any.downcast_ref::<StringArray>() else {
            return Err(TableError::WrongKind {
                primitive: primitive.to_owned(),
                column: self.name().unwrap_or("values").to_owned(),
                found: self.kind().to_string(),
                expected: "date".into(),
            }
            .into());
        };
        let read = |(row, text): (usize, Option<&str>)| {
            let Some(text) = text else { return Ok(None) };
            let date = match format {
                Some(format) => Date::parse_as(text.trim(), format)?,
                None => Date::parse(text.trim()),
            };
            let unfit = || TableError::NoDate {
                primitive: primitive.to_owned(),
                row: row + 1,
                found: text.chars().take(40).collect(),
                expected: format.unwrap_or("2023-01-31 or 31.01.2023").to_owned(),
            };
            Ok(Some(date.ok_or_else(unfit)?.days()))
        };
        texts.iter().enumerate().map(read).collect()
    }

    /// The values as a date vector, read as [`Vector::dates`] reads them.
    pub fn to_dates(&self, primitive: &str, format: Option<&str>) -> Result<Self> {
        let dates = self.dates(primitive, format)?;
        Ok(self.with_array(Arc::new(dates)))
    }

    /// The numbers `part` of a date vector.
    pub fn date_part(&self, part: DatePart) -> Result<Self> {
        if self.kind() != Kind::Date && self.missing() < self.len() {
            return Err(TableError::WrongKind {
                primitive: part.name().into(),
                column: self.name().unwrap_or("values").to_owned(),
                found: self.kind().to_string(),
                expected: "date".into(),
            }
            .into());
        }
        let dates = self.dates(part.name(), None)?;
        let parts: Int64Array =
            dates.iter().map(|days| Some(Date::from_days(days?)?.part(part))).collect();
        Ok(self.with_array(Arc::new(parts)))
    }

    /// A date vector `months` later.
    pub fn plus_months(&self, months: i64) -> Result<Self> {
        let later = |days: Option<i32>| {
            let Some(date) = days.and_then(Date::from_days) else { return Ok(None) };
            date.plus_months(months)
                .map(|date| Some(date.days()))
                .ok_or_else(|| overflow("add_months"))
        };
        let dates: Date32Array =
            self.dates("add_months", None)?.iter().map(later).collect::<Result<_>>()?;
        Ok(self.with_array(Arc::new(dates)))
    }

    /// The earliest and the latest date; `None` where this is no date vector or has no value.
    pub fn date_range(&self) -> Option<(Date, Date)> {
        let dates = self.array().as_any().downcast_ref::<Date32Array>()?;
        let (first, last) = (dates.iter().flatten().min()?, dates.iter().flatten().max()?);
        Some((Date::from_days(first)?, Date::from_days(last)?))
    }
}

/// `left op right` where one side holds dates: a date and days, or the days between two dates.
pub(super) fn arithmetic(op: BinaryOp, left: &Vector, right: &Vector) -> Result<ArrayRef> {
    let len = if left.len() == 1 { right.len() } else { left.len() };
    let at = |len: usize, row: usize| if len == 1 { 0 } else { row };
    let days = |v: &Vector| -> Result<Vec<Option<i64>>> {
        let numbers = v.floats()?;
        let whole = |x: Option<f64>| match x {
            Some(x) if x.fract() == 0.0 && x.abs() < 1e9 => Ok(Some(x as i64)),
            Some(x) => Err(Error::Invalid {
                primitive: op.sign(),
                parameter: "days",
                rule: "be a whole number".into(),
                value: x.to_string(),
            }),
            None => Ok(None),
        };
        numbers.iter().map(whole).collect()
    };
    let shift = |dates: &Vector, by: &Vector, sign: i64| -> Result<ArrayRef> {
        let (dates, by) = (dates.dates(op.sign(), None)?, days(by)?);
        let later = |row: usize| {
            let (date, by) = (at(dates.len(), row), by[at(by.len(), row)]);
            let (true, Some(by)) = (dates.is_valid(date), by) else { return Ok(None) };
            let date = Date::from_days(dates.value(date)).and_then(|d| d.plus_days(sign * by));
            date.map(|date| Some(date.days())).ok_or_else(|| overflow(op.sign()))
        };
        let shifted: Date32Array = (0..len).map(later).collect::<Result<_>>()?;
        Ok(Arc::new(shifted))
    };
    match (op, left.kind(), right.kind()) {
        (BinaryOp::Sub, Kind::Date, Kind::Date) => {
            let (left, right) = (left.dates("-", None)?, right.dates("-", None)?);
            let between: Int64Array = (0..len)
                .map(|row| {
                    let (a, b) = (at(left.len(), row), at(right.len(), row));
                    (left.is_valid(a) && right.is_valid(b))
                        .then(|| i64::from(left.value(a)) - i64::from(right.value(b)))
                })
                .collect();
            Ok(Arc::new(between))
        }
        (BinaryOp::Add, Kind::Date, Kind::Int | Kind::Float) => shift(left, right, 1),
        (BinaryOp::Add, Kind::Int | Kind::Float, Kind::Date) => shift(right, left, 1),
        (BinaryOp::Sub, Kind::Date, Kind::Int | Kind::Float) => shift(left, right, -1),
        (_, a, b) => Err(TableError::DateArithmetic { op: op.sign(), left: a, right: b }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cell;

    #[test]
    fn days_are_counted_over_leap_years_and_months_end() {
        let date = |y, m, d| Date::new(y, m, d).unwrap();
        assert_eq!(date(1970, 1, 1).days(), 0);
        assert_eq!(date(2000, 2, 29).days(), 11_016);
        assert_eq!(Date::new(1900, 2, 29), None);
        assert_eq!(date(2024, 2, 28).plus_days(2), Date::new(2024, 3, 1));
        assert_eq!(date(2023, 1, 31).plus_months(1), Date::new(2023, 2, 28));
        assert_eq!(date(2024, 3, 31).plus_months(-1), Date::new(2024, 2, 29));
        assert_eq!(date(9999, 12, 31).plus_days(1), None);
        assert_eq!(date(2023, 1, 1).plus_days(i64::MAX), None);
        assert_eq!(date(2023, 1, 1).plus_months(i64::MIN), None);
        assert_eq!(date(33, 4, 3).to_string(), "0033-04-03");
        assert_eq!(date(2023, 1, 1).part(DatePart::Weekday), 7);
        assert_eq!(date(2023, 10, 1).part(DatePart::Quarter), 4);
        for days in (-700_000..2_900_000).step_by(997) {
            let date = Date::from_days(days).unwrap();
            assert_eq!(Date::parse(&date.to_string()), Some(date));
            assert_eq!(date.days(), days);
        }
    }

    #[test]
    fn only_unambiguous_texts_are_dates() {
        let expected = Date::new(2023, 1, 31);
        for text in ["2023-01-31", "31.01.2023", "31.1.2023", "2023-01-31T00:00:00.000Z"] {
            assert_eq!(Date::parse(text), expected, "{text}");
        }
        assert_eq!(Date::parse("2023-01-31 00:00:00"), expected);
        for text in [
            "",
            "2023",
            "2023-1-31",
            "2023-02-30",
            "31/01/2023",
            "01.31.2023",
            "31.01.23",
            "2023-01-31 12:00:00",
            "2023-01-31-",
            "0000-01-01",
            "1.5",
            "+023-01-01",
            "ё.1.2023",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Date::parse_as("31/01/2023", "%d/%m/%Y").unwrap(), expected);
        assert_eq!(Date::parse_as("Jan 2023", "%d/%m/%Y").unwrap(), None);
        assert!(Date::parse_as("31/01/2023", "%Q").is_err());
    }

    #[test]
    fn columns_shift_compare_and_count() {
        let v = Vector::from_texts(["2023-01-31", "2024-02-29"]).to_dates("date", None).unwrap();
        let later = v.binary(BinaryOp::Add, &Vector::from_ints([1])).unwrap().0;
        assert_eq!(later.cell(0), Cell::Date(Date::new(2023, 2, 1).unwrap()));
        let between = later.binary(BinaryOp::Sub, &v).unwrap().0;
        assert_eq!(between.cell(1), Cell::Int(1));
        assert_eq!(v.date_part(DatePart::Quarter).unwrap().cell(0), Cell::Int(1));
        let after =
            v.compare(&Vector::from_texts(["2023-12-31"]), std::cmp::Ordering::is_gt).unwrap();
        assert_eq!(after.cells().collect::<Vec<_>>(), [Cell::Bool(false), Cell::Bool(true)]);
        for (op, other) in [
            (BinaryOp::Add, v.clone()),
            (BinaryOp::Mul, Vector::from_ints([2])),
            (BinaryOp::Add, Vector::from_floats([0.5])),
            (BinaryOp::Sub, Vector::from_ints([999_999_999])),
        ] {
            assert!(v.binary(op, &other).is_err());
        }
        assert!(v.compare(&Vector::from_texts(["soon"]), std::cmp::Ordering::is_gt).is_err());
        assert!(v.compare(&Vector::from_ints([1]), std::cmp::Ordering::is_gt).is_err());
        assert!(v.floats().is_err());
    }
}
