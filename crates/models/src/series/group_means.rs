//! Removal of an effect of groups of positions, such as weekdays.

use std::collections::BTreeMap;

use super::error::SeriesError;

/// Returns each value minus the mean of the values of its group: with weekdays as groups, a series
/// without an additive weekday effect, and of logarithms without a multiplicative one.
///
/// `None` where the value is missing, and in groups of a single value, which would be 0 by
/// construction.
///
/// # Errors
/// If there are not as many groups as values.
///
/// ```
/// use tidegauge_models::series::without_group_means;
///
/// let values = [Some(1.0), Some(10.0), Some(3.0), None, Some(5.0)];
/// let left = without_group_means(&values, &[0, 1, 0, 1, 0])?;
/// assert_eq!(left, [Some(-2.0), None, Some(0.0), None, Some(2.0)]);
/// # Ok::<(), tidegauge_models::series::SeriesError>(())
/// ```
pub fn without_group_means(
    values: &[Option<f64>],
    groups: &[u32],
) -> Result<Vec<Option<f64>>, SeriesError> {
    let (left, right) = (values.len(), groups.len());
    if left != right {
        return Err(SeriesError::Length { left, right });
    }
    let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for (value, group) in values.iter().zip(groups) {
        if let Some(value) = value {
            let (count, sum) = sums.entry(*group).or_default();
            (*count, *sum) = (*count + 1.0, *sum + value);
        }
    }
    let rest = |(value, group): (&Option<f64>, &u32)| {
        let (count, sum) = sums.get(group)?;
        (*count > 1.0).then_some(value.as_ref()? - sum / count)
    };
    Ok(values.iter().zip(groups).map(rest).collect())
}
