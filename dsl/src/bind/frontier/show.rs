//! How frontiers and their comparisons show themselves.

use esep_stdlib::frontier::{Comparison, EfficiencyParams, LrTest, Noise, SfaFit};
use esep_stdlib::{Error, Table, Vector};

use crate::display::number::{float, p_value, significant};
use crate::display::{Bundle, Doc, Style};

/// Six significant digits, or what stands for no value.
fn six(x: Option<f64>) -> String {
    x.map_or_else(|| "—".into(), |x| significant(x, 6))
}

pub(super) fn show(model: &SfaFit, style: &Style) -> Bundle {
    let mut doc = Doc::new()
        .heading("Stochastic frontier")
        .text(model.formula.to_string())
        .text(model.description());
    match coefficients(model) {
        Ok(table) => doc = doc.table(&table),
        Err(error) => doc = doc.warnings(&[error.to_string()]),
    }
    let test = model.lr_test();
    let normal = model.params.noise == Noise::Normal;
    let mut facts = vec![
        ("loglik", float(model.loglik)),
        ("AIC", float(model.aic())),
        ("BIC", float(model.bic())),
    ];
    if let Ok(efficiency) = model.efficiency(&EfficiencyParams::default()) {
        facts.push(("mean efficiency", six(Some(efficiency.mean))));
    }
    facts.push((
        if normal { "LR against least squares" } else { "LR against noise alone" },
        format!(
            "{} (p {}, 5 % value {}, mixed chi-square)",
            significant(test.statistic, 4),
            p_value(test.p_value),
            significant(test.critical_5, 4)
        ),
    ));
    doc.facts(facts).warnings(&model.warnings).bundle(style)
}

/// The parameters as a reader wants them: rounded, p-values never zero.
fn coefficients(model: &SfaFit) -> Result<Table, Error> {
    let table = model.parameters(0.95)?;
    let p = table.column("p")?;
    let shown = p.cells().map(|cell| cell.as_f64().map_or_else(String::new, p_value));
    let shown = Vector::from_texts(shown);
    let single = model.equations.iter().all(|e| e.coef.len() == 1 && e.name.starts_with("ln "));
    let table = table.with_column("p", &shown)?;
    if single {
        // Constants of logarithms show as what they are the logarithms of.
        let equation = table.column("equation")?;
        let keep: arrow_array::BooleanArray = equation
            .cells()
            .map(|cell| {
                Some(!matches!(cell, esep_stdlib::table::Cell::Text(t) if t.starts_with("ln ")))
            })
            .collect();
        return table.filter(&keep)?.drop(&["equation", "lower", "upper"]);
    }
    table.drop(&["lower", "upper"])
}

pub(super) fn show_comparison(comparison: &Comparison, style: &Style) -> Bundle {
    // A terminal holds nine columns; the others are in `.table`.
    let table = comparison.table.drop(&["hqic", "inefficiency"]);
    let table = table.as_ref().unwrap_or(&comparison.table);
    let mut doc = Doc::new().heading("Frontiers side by side").table(table);
    if let Some(correlations) = &comparison.rank_correlations {
        doc = doc.text("Rank correlations of their efficiencies:").table(correlations);
    }
    doc.warnings(&comparison.warnings).bundle(style)
}

/// A sentence and the figures.
pub(super) fn show_lr_test(test: &LrTest, style: &Style) -> Bundle {
    let verdict = if test.p_value < 0.05 {
        "The data speak of inefficiency: least squares is rejected at 5 %."
    } else {
        "Least squares is not rejected at 5 %: the data do not show inefficiency."
    };
    let law = if test.df == 1 {
        "half zero, half chi-square with 1 degree of freedom".to_owned()
    } else {
        format!("half chi-square with {} degrees of freedom, half with {}", test.df - 1, test.df)
    };
    Doc::new()
        .heading("Is there inefficiency?")
        .text(format!(
            "{verdict} The likelihood ratio against least squares is {}, p {}; without \
             inefficiency it would exceed {} once in twenty samples ({law}).",
            significant(test.statistic, 4),
            p_value(test.p_value),
            significant(test.critical_5, 4)
        ))
        .facts([
            ("statistic", float(test.statistic)),
            ("p_value", float(test.p_value)),
            ("critical_5", float(test.critical_5)),
            ("df", test.df.to_string()),
        ])
        .bundle(style)
}
