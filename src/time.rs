//! Times as RFC 3339 and HTTP write them.

use crate::text::cut;

/// Seconds since 1970 as `YYYY-MM-DDThh:mm:ssZ`; nothing beyond the year 9999.
pub(crate) fn rfc3339(seconds: u64) -> Option<String> {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's `civil_from_days`, for days that are not negative: years begin in March.
    let shifted = days.checked_add(719_468)?;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    (year <= 9999).then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60))
}

/// Reads `YYYY-MM-DDThh:mm:ssZ`, also without seconds, with a fraction or as an offset from UTC, and
/// `Sun, 06 Nov 1994 08:49:37 GMT`: as seconds since 1970. What is before that is none.
///
/// The two older forms of RFC 9110, which no server has sent for a long time, are not read.
pub(crate) fn read(text: &str) -> Option<u64> {
    if let Some((_, rest)) = cut(text, ", ") {
        const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        let mut words = rest.split(' ');
        let (day, month, year) = (number(words.next()?)?, words.next()?, number(words.next()?)?);
        let month = MONTHS.chunks(3).zip(1..).find(|(name, _)| *name == month.as_bytes())?.1;
        let time = words.next()?;
        return if words.next()? == "GMT" { Some(days(year, month, day)? * 86_400 + second(time)?) } else { None };
    }
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.splitn(3, '-').map(number);
    let days = days(parts.next()??, parts.next()??, parts.next()??)?;
    let at = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at_checked(at)?;
    let whole = time.split_once('.').map_or(time, |(whole, _)| whole);
    let local = days * 86_400 + second(whole)?;
    match (zone.split_at_checked(1)?, zone.len()) {
        (("Z" | "z", ""), _) => Some(local),
        (("+", offset), 6) => local.checked_sub(second(offset)?),
        (("-", offset), 6) => Some(local + second(offset)?),
        _ => None,
    }
}

/// Two to four digits and nothing else.
fn number(text: &str) -> Option<u64> {
    let is_number = (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// The second of the day of `hh:mm` or `hh:mm:ss`.
fn second(time: &str) -> Option<u64> {
    let mut parts = time.splitn(3, ':').map(number);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    // 60 is a leap second.
    if hour < 24 && minute < 60 && second <= 60 { Some(hour * 3_600 + minute * 60 + second) } else { None }
}

/// Days since 1970, by Howard Hinnant's `days_from_civil`.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = year.checked_sub(u64::from(month <= 2))?;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    (year * 365 + year / 4 - year / 100 + year / 400 + day_of_year).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn seconds_become_dates_over_leap_years_and_centuries() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_348_799, "2026-11-22T11:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds).as_deref(), Some(date));
        }
        assert_eq!(rfc3339(u64::MAX), None);
    }

    #[test]
    fn a_time_is_read_in_each_of_its_forms() {
        let seconds = Some(1_795_348_799);
        for text in [
            "2026-11-22T11:59:59Z",
            "2026-11-22t11:59:59z",
            "2026-11-22T11:59:59.123456Z",
            "2026-11-22T12:59:59+01:00",
            "2026-11-22T06:29:59-05:30",
            "Sun, 22 Nov 2026 11:59:59 GMT",
        ] {
            assert_eq!(read(text), seconds, "{text}");
        }
        assert_eq!(read("2026-11-22T11:59Z"), Some(1_795_348_740));
        for bad in [
            "",
            "2026",
            "2026-11-22",
            "2026-11-22T11:59:59",
            "2026-13-22T11:59:59Z",
            "2026-11-32T11:59:59Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T11:59:59+1",
            "Sun, 22 Nov 2026 11:59:59 CET",
            "Sun, 22 Now 2026 11:59:59 GMT",
            "1969-12-31T23:59:59Z",
            "+2026-11-22T11:59:59Z",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in 0_u64..253_402_300_800) {
            prop_assert_eq!(read(&rfc3339(seconds).unwrap()), Some(seconds));
        }

        #[test]
        fn no_text_makes_the_reading_panic(text in any::<String>(), digits in "[0-9TZ:.+ ,a-zG-]{0,40}") {
            let _ = (read(&text), read(&digits));
        }
    }
}
