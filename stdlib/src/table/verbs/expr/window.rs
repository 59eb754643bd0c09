//! Functions that see the rows of a group in their order.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, Int64Array};

use super::super::groups::Groups;
use crate::table::verbs::order::{RankParams, rank_values};

/// What runs along the rows of a group.
#[derive(Debug, Clone, Copy)]
pub(super) enum Window {
    Sum,
    Max,
    Min,
    Rank,
    RowNumber,
}

/// The number of each row within its group, from 1.
pub(super) fn row_numbers(groups: &Groups) -> ArrayRef {
    let mut next = vec![0_i64; groups.count()];
    let count = |id: &u32| {
        next[*id as usize] += 1;
        next[*id as usize]
    };
    Arc::new(Int64Array::from_iter_values(groups.ids.iter().map(count)))
}

impl Window {
    /// The values along each group; a missing value stays missing and is stepped over.
    pub(super) fn apply(self, values: &Float64Array, groups: &Groups) -> ArrayRef {
        if matches!(self, Self::Rank) {
            let mut ranks: Vec<Option<f64>> = vec![None; values.len()];
            let all: Vec<Option<f64>> = values.iter().collect();
            for rows in groups.members().iter() {
                let part: Vec<Option<f64>> = rows.iter().map(|row| all[*row as usize]).collect();
                for (row, rank) in rows.iter().zip(rank_values(&part, RankParams::default())) {
                    ranks[*row as usize] = rank;
                }
            }
            return Arc::new(Float64Array::from(ranks));
        }
        let mut state: Vec<Option<f64>> = vec![None; groups.count()];
        let step = |(row, id): (usize, &u32)| {
            let value = values.is_valid(row).then(|| values.value(row))?;
            let slot = &mut state[*id as usize];
            let next = match (*slot, self) {
                (None, _) => value,
                (Some(old), Self::Max) => old.max(value),
                (Some(old), Self::Min) => old.min(value),
                (Some(old), _) => old + value,
            };
            *slot = Some(next);
            Some(next).filter(|x| x.is_finite())
        };
        Arc::new(groups.ids.iter().enumerate().map(step).collect::<Float64Array>())
    }
}
