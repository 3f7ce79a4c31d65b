//! What one figure was in each of several repetitions.

use std::fmt;
use std::time::Duration;

/// Durations in seconds, sorted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn new(durations: &[Duration]) -> Self {
        let mut seconds: Vec<f64> = durations.iter().map(Duration::as_secs_f64).collect();
        seconds.sort_by(f64::total_cmp);
        Self(seconds)
    }

    /// The value that `percent` of all do not exceed (nearest rank); 0 without any.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn min(&self) -> f64 {
        self.percentile(0)
    }

    pub(crate) fn median(&self) -> f64 {
        self.percentile(50)
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "min {:7.3} s   median {:7.3} s   p95 {:7.3} s   max {:7.3} s",
            self.min(),
            self.median(),
            self.percentile(95),
            self.percentile(100),
        )
    }
}

/// A number of things, for a quotient.
pub(crate) fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A number of bytes, in MiB.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let samples = Samples::new(&[4, 1, 3, 2, 5].map(Duration::from_secs));
        assert_eq!(
            samples.to_string(),
            "min   1.000 s   median   3.000 s   p95   5.000 s   max   5.000 s"
        );
        assert!(Samples::new(&[]).median().abs() < f64::EPSILON);
    }
}
