use rand::RngExt;

use super::*;
use crate::table::{Cell, Vector};

fn key(name: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), name.to_owned())]
}

fn random(rows: usize, seed: u64) -> Table {
    let mut rng = crate::context::rng(seed, 0);
    let mut gap = |x: i64| (rng.random_range(0..6) > 0).then_some(x);
    let a: arrow_array::Int64Array = (0..rows).map(|i| gap((i * 7 % 5) as i64)).collect();
    let b: StringArray =
        (0..rows).map(|i| gap(i as i64).map(|i| ["x", "y"][(i % 2) as usize])).collect();
    Table::new([
        ("a", Vector::new(Arc::new(a))),
        ("b", Vector::new(Arc::new(b))),
        ("v", Vector::from_ints(0..rows as i64)),
    ])
    .unwrap()
}

/// The pairs of `v` that a nested loop finds, -1 for no partner.
fn by_loops(left: &Table, right: &Table, how: How) -> Vec<(i64, i64)> {
    let same = |l: usize, r: usize| {
        (0..2).all(|c| left.cell(l, c) != Cell::Missing && left.cell(l, c) == right.cell(r, c))
    };
    let (nl, nr) = (left.nrow(), right.nrow());
    let mut pairs = Vec::new();
    for l in 0..nl {
        let mut found = false;
        for r in 0..nr {
            if same(l, r) {
                found = true;
                pairs.push((l as i64, r as i64));
            }
        }
        if !found && how != How::Inner {
            pairs.push((l as i64, -1));
        }
    }
    if how == How::Full {
        for r in 0..nr {
            if !(0..nl).any(|l| same(l, r)) {
                pairs.push((-1, r as i64));
            }
        }
    }
    pairs
}

/// Looking up gives what pairing gives: the same join with a key column that is constant besides.
#[test]
fn looking_a_key_up_is_joining_by_it() {
    let numbers = |n: i64| Vector::from_ints((0..n).map(|i| i * i % 23 - 5));
    let texts = |n: i64| Vector::from_texts((0..n).map(|i| format!("k{}", i * i % 23)));
    let units = |v: Vector, rows: usize| {
        let table = Table::new([
            ("k", v),
            ("c", Vector::from_ints((0..rows).map(|_| 1))),
            ("w", Vector::from_ints(0..rows as i64)),
        ])
        .unwrap();
        super::super::distinct(&table, &["k".into()]).unwrap()
    };
    let sparse = |v: &Vector| {
        v.binary(crate::table::BinaryOp::Mul, &Vector::from_ints([1 << 40])).unwrap().0
    };
    let two = [key("k"), key("c")].concat();
    for (left, right) in [
        (numbers(50), numbers(23)),
        (numbers(50), numbers(4)),
        (sparse(&numbers(50)), sparse(&numbers(23))),
        (texts(50), texts(23)),
    ] {
        let left = Table::new([("k", left), ("c", Vector::from_ints([1; 50]))]).unwrap();
        let right = units(right.clone(), right.len());
        for how in [How::Left, How::Inner] {
            let params = JoinParams { how, ..JoinParams::default() };
            let bare = right.drop(&["c"]).unwrap();
            let quick = join(&left, &bare, &key("k"), &params).unwrap();
            let slow = join(&left, &right, &two, &params).unwrap();
            assert_eq!(quick.table.batch(), slow.table.batch());
            assert_eq!(quick.warnings.len(), slow.warnings.len());
        }
    }
    let twice = Table::new([("k", Vector::from_ints([1, 1]))]).unwrap();
    let one = Table::new([("k", Vector::from_ints([1]))]).unwrap();
    assert_eq!(join(&one, &twice, &key("k"), &JoinParams::default()).unwrap().table.nrow(), 2);
}

#[test]
fn joins_find_what_nested_loops_find() {
    for seed in 0..8 {
        let (left, right) = (random(23, seed), random(17, seed + 100));
        let on = [key("a"), key("b")].concat();
        for how in [How::Left, How::Inner, How::Full] {
            let params = JoinParams { how, ..JoinParams::default() };
            let joined = join(&left, &right, &on, &params).unwrap().table;
            assert_eq!(joined.columns(), ["a", "b", "v", "v_right"]);
            let value = |row, column| joined.cell(row, column).as_f64().map_or(-1, |x| x as i64);
            let pairs: Vec<(i64, i64)> =
                (0..joined.nrow()).map(|row| (value(row, 2), value(row, 3))).collect();
            assert_eq!(pairs, by_loops(&left, &right, how), "{how:?}, seed {seed}");
        }
        let mirrored = JoinParams { how: How::Right, ..JoinParams::default() };
        let right_join = join(&left, &right, &on, &mirrored).unwrap().table;
        assert_eq!(right_join.nrow(), by_loops(&right, &left, How::Left).len());
        let count = |how| {
            let params = JoinParams { how, ..JoinParams::default() };
            join(&left, &right, &on, &params).unwrap().table.nrow()
        };
        assert_eq!(count(How::Semi) + count(How::Anti), left.nrow());
    }
}

fn small() -> (Table, Table) {
    let left = Table::new([
        ("region", Vector::from_texts(["Abai", "Almaty ", "Atyrau"])),
        ("x", Vector::from_ints([1, 2, 3])),
    ]);
    let right = Table::new([
        ("имя", Vector::from_texts(["Abai", "Almaty", "Abai"])),
        ("y", Vector::from_floats([10.0, 20.0, 30.0])),
    ]);
    (left.unwrap().labelled_by("region").unwrap(), right.unwrap())
}

#[test]
fn keys_of_different_names_and_a_report_of_the_unmatched() {
    let (left, right) = small();
    let on = vec![("region".to_owned(), "имя".to_owned())];
    let noted = join(&left, &right, &on, &JoinParams::default()).unwrap();
    assert_eq!(noted.table.columns(), ["region", "x", "y"]);
    assert_eq!(noted.table.row_names(), ["Abai", "Abai", "Almaty ", "Atyrau"]);
    assert_eq!(
        noted.warnings,
        [
            "join: 2 of 3 rows on the left find no match: `Almaty `, `Atyrau` (the right has `Almaty`)"
        ]
    );
    let full = JoinParams { how: How::Full, ..JoinParams::default() };
    let table = join(&left, &right, &on, &full).unwrap().table;
    assert_eq!(table.row_names()[4], "Almaty");
    assert!(join(&left, &right, &[("x".into(), "имя".into())], &full).is_err());
}

#[test]
fn a_broken_expectation_is_an_error_and_many_to_many_is_said() {
    let (left, right) = small();
    let on = vec![("region".to_owned(), "имя".to_owned())];
    let expect = JoinParams { expect: Relationship::ManyToOne, ..JoinParams::default() };
    let error = join(&left, &right, &on, &expect).unwrap_err();
    assert_eq!(
        error.to_string(),
        "join: expected many_to_one, but the right table has 2 rows with Abai"
    );
    let twice = left.take(&[0, 0]).unwrap();
    let noted = join(&twice, &right, &on, &JoinParams::default()).unwrap();
    assert_eq!(noted.table.nrow(), 4);
    assert!(noted.warnings[0].contains("several times on both sides"));
}
