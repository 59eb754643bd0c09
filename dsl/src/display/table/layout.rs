//! Which columns of a table fit a line, and how wide each is.

use unicode_width::UnicodeWidthStr;

use super::{Column, MISSING};

/// Spaces between columns.
pub(super) const SPACE: usize = 2;

/// Text columns are not made narrower than this to fit more columns, nor titles of numbers.
const NARROW: usize = 18;

/// The first column, which mostly names the rows, is not made narrower than this.
const FIRST: usize = 32;

/// A last column no wider than this stays in sight when others before it do not.
const LAST: usize = 14;

/// The columns on a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Columns shown with their widths, in order.
    pub shown: Vec<(usize, usize)>,
    /// Position in `shown` before which columns were left out.
    pub gap: Option<usize>,
}

/// How wide a column wants to be, and how narrow it may be.
#[derive(Debug, Clone, Copy)]
struct Want {
    natural: usize,
    least: usize,
}

fn want(column: &Column, narrow: usize, width: usize) -> Want {
    let cells = column.cells.iter().map(|cell| cell.as_deref().unwrap_or(MISSING).width());
    let cells = cells.max().unwrap_or(0);
    let title = column.name.width();
    let natural = cells.max(title).min(width);
    // Numbers are never cut, their titles may be.
    let least = if column.right { cells.max(title.min(narrow)) } else { natural.min(narrow) };
    Want { natural, least: least.min(width) }
}

fn wants(columns: &[Column], width: usize) -> Vec<Want> {
    let least = |position: usize| if position == 0 { FIRST.min(width / 2) } else { NARROW };
    columns
        .iter()
        .enumerate()
        .map(|(position, column)| want(column, least(position), width))
        .collect()
}

fn total(widths: impl Iterator<Item = usize>) -> usize {
    let (sum, count) = widths.fold((0, 0), |(sum, count), width| (sum + width, count + 1_usize));
    sum + SPACE * count.saturating_sub(1)
}

/// Lays `columns` out on lines of `width`.
///
/// All columns if they fit, the widest ones narrowed where they must be; else the first ones and
/// the last with a gap before it.
pub(super) fn layout(columns: &[Column], width: usize) -> Layout {
    let wants = wants(columns, width);
    if total(wants.iter().map(|w| w.least)) <= width || wants.len() == 1 {
        let shown = narrow(&wants, (0..wants.len()).collect(), width);
        return Layout { shown, gap: None };
    }
    // The gap is one character between two spaces.
    let last = wants.last().map_or(0, |last| last.least);
    let head = fitting(&wants[..wants.len() - 1], width.saturating_sub(last + 1 + 2 * SPACE));
    if head >= 2 && last <= LAST {
        let chosen = (0..head).chain([wants.len() - 1]).collect();
        let shown = narrow(&wants, chosen, width - 1 - SPACE);
        return Layout { shown, gap: Some(head) };
    }
    // A single column is cut to the line where it must be.
    let room = width.saturating_sub(1 + SPACE).max(1);
    let head = fitting(&wants, room).max(1);
    let mut shown = narrow(&wants, (0..head).collect(), room);
    if let [(_, only)] = &mut shown[..] {
        *only = (*only).min(room);
    }
    Layout { shown, gap: (head < wants.len()).then_some(head) }
}

/// How many of the first columns fit at their narrowest.
fn fitting(wants: &[Want], width: usize) -> usize {
    (0..=wants.len())
        .rev()
        .find(|n| total(wants[..*n].iter().map(|w| w.least)) <= width)
        .unwrap_or(0)
}

/// The `chosen` columns at their natural widths, the widest cut until the line fits.
fn narrow(wants: &[Want], chosen: Vec<usize>, width: usize) -> Vec<(usize, usize)> {
    let mut shown: Vec<(usize, usize)> =
        chosen.into_iter().map(|column| (column, wants[column].natural)).collect();
    while total(shown.iter().map(|(_, w)| *w)) > width {
        let widest = shown
            .iter_mut()
            .filter(|(column, width)| *width > wants[*column].least)
            .max_by_key(|(_, width)| *width);
        match widest {
            Some((_, width)) => *width -= 1,
            None => break,
        }
    }
    shown
}

/// Columns in panels that each fit `width`, every panel opened by the first `keys` columns.
pub(super) fn panels(columns: &[Column], keys: usize, width: usize) -> Vec<Vec<(usize, usize)>> {
    let wants = wants(columns, width);
    // The widths of a panel's key columns leave half of the line to the others.
    let key: Vec<(usize, usize)> = (0..keys.min(columns.len()))
        .map(|column| (column, wants[column].natural.min(width / 2)))
        .collect();
    let room = width.saturating_sub(total(key.iter().map(|(_, w)| *w)) + SPACE);
    let mut panels = Vec::new();
    let mut panel = key.clone();
    for (column, want) in wants.iter().enumerate().skip(key.len()) {
        let own = want.natural.min(room.max(1));
        if panel.len() > key.len() && total(panel.iter().map(|(_, w)| *w).chain([own])) > width {
            panels.push(std::mem::replace(&mut panel, key.clone()));
        }
        panel.push((column, own));
    }
    panels.push(panel);
    panels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, cell: &str, right: bool) -> Column {
        Column {
            name: name.into(),
            label: None,
            unit: None,
            kind: String::new(),
            cells: vec![Some(cell.into())],
            right,
            missing: 0,
        }
    }

    #[test]
    fn room_that_is_there_is_used_and_the_widest_text_yields_first() {
        let columns = [
            column("a", &"x".repeat(60), false),
            column("b", &"y".repeat(20), false),
            column("c", "12345", true),
        ];
        let wide = layout(&columns, 100);
        assert_eq!(wide, Layout { shown: vec![(0, 60), (1, 20), (2, 5)], gap: None });
        let tight = layout(&columns, 60);
        assert_eq!(tight, Layout { shown: vec![(0, 31), (1, 20), (2, 5)], gap: None });
    }

    #[test]
    fn columns_without_room_leave_a_gap_before_the_last() {
        let columns: Vec<Column> =
            (0..10).map(|i| column(&format!("c{i}"), "123456", true)).collect();
        let found = layout(&columns, 40);
        // Four columns, the gap and three spaces: 4 * 6 + 1 + 4 * 2 = 33.
        assert_eq!(found.shown.iter().map(|s| s.0).collect::<Vec<_>>(), [0, 1, 2, 9]);
        assert_eq!(found.gap, Some(3));
        assert_eq!(layout(&columns, 9), Layout { shown: vec![(0, 6)], gap: Some(1) });
    }

    #[test]
    fn panels_hold_every_column_once() {
        let columns: Vec<Column> =
            (0..10).map(|i| column(&format!("c{i}"), "123456", true)).collect();
        let found = panels(&columns, 1, 30);
        let all: Vec<usize> = found.iter().flat_map(|p| p[1..].iter().map(|c| c.0)).collect();
        assert_eq!(all, (1..10).collect::<Vec<_>>());
        assert!(found.iter().all(|p| p[0].0 == 0 && total(p.iter().map(|c| c.1)) <= 30));
    }
}
