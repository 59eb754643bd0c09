//! Charts of this crate's own results.

use super::{
    DendrogramInput, HeatmapInput, HistogramInput, NAMED, RankedInput, ScoresInput, ScreeInput,
    SilhouetteInput, dendrogram, heatmap, histogram, ranked, scores, scree,
};
use crate::chart::error::ChartError;
use crate::chart::grammar::{Axis, Channel, Chart, Field, Layer, Mark};
use crate::chart::scale::{fixed, number};
use crate::choice::Choice;
use crate::cluster::{ChooseK, Clustering, Pca, PcaParams, Tree, pca};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::frontier::{CustomFit, Efficiency, EfficiencyParams, Estimator, Orientation, SfaFit};
use crate::table::{Matrix, Table, Vector};

fn labels(clustering: &Clustering) -> Vec<i64> {
    clustering.labels.iter().map(|label| *label as i64).collect()
}

/// The dendrogram of `tree`, its branches coloured where it is cut into `k` clusters.
pub fn tree(tree: &Tree, k: Option<usize>) -> Result<Chart> {
    let cut = k.map(|k| tree.cut(k)).transpose()?;
    let clusters = cut.as_ref().map(labels);
    let height = format!("Height ({} linkage, {} distance)", tree.linkage.name(), tree.metric);
    let method = tree.method();
    let mut chart = dendrogram(&DendrogramInput {
        merges: &tree.merge_matrix(),
        heights: &tree.heights,
        order: &tree.order,
        labels: &tree.labels,
        clusters: clusters.as_deref(),
        height_title: &height,
        title: &format!("Dendrogram of {} units", tree.labels.len()),
        subtitle: Some(&capital(&method)),
        ..DendrogramInput::default()
    })?;
    chart.caption = joined(&tree.warnings);
    Ok(chart)
}

/// The silhouette of every unit of `clustering`.
pub fn silhouettes(clustering: &Clustering, context: &Context) -> Result<Chart> {
    let silhouette = clustering.silhouette(context)?;
    let all = labels(clustering);
    let kept: Vec<usize> =
        (0..all.len()).filter(|unit| silhouette.widths[*unit].is_some()).collect();
    let widths: Vec<f64> = kept.iter().filter_map(|unit| silhouette.widths[*unit]).collect();
    let units: Vec<String> = kept.iter().map(|unit| clustering.units()[*unit].clone()).collect();
    let clusters: Vec<i64> = kept.iter().map(|unit| all[*unit]).collect();
    let title = format!("Silhouette of {} clusters", clustering.k);
    let subtitle = capital(&clustering.method);
    let mut chart = if units.len() > NAMED {
        let mut chart = histogram(&HistogramInput {
            values: &silhouette.widths,
            value_title: "Silhouette width",
            bins: None,
            title: &format!("{title}, {} units", units.len()),
        })?;
        chart.subtitle = Some(format!("{subtitle}, mean {}", fixed(silhouette.mean, 3)));
        chart
    } else {
        super::silhouette(&SilhouetteInput {
            units: &units,
            widths: &widths,
            clusters: &clusters,
            cluster_names: &clustering.names,
            title: &title,
            subtitle: Some(&subtitle),
        })?
    };
    let left_out = all.len() - kept.len();
    if left_out > 0 {
        chart.caption = Some(format!(
            "{left_out} of {} units belong to no cluster and have no silhouette.",
            all.len()
        ));
    }
    let alone: Vec<&str> = clustering
        .singletons()
        .iter()
        .filter_map(|c| clustering.labels.iter().position(|label| label == c))
        .map(|unit| clustering.units()[unit].as_str())
        .collect();
    if !alone.is_empty() {
        let note = format!("Alone in a cluster, with width 0: {}.", alone.join(", "));
        chart.caption = Some(match chart.caption {
            Some(before) => format!("{before} {note}"),
            None => note,
        });
    }
    Ok(chart)
}

/// The units of `clustering` on the first two principal components of `data`.
pub fn cluster_map(clustering: &Clustering, data: &Matrix) -> Result<Chart> {
    if data.labels.len() != clustering.len() {
        return Err(ChartError::Shape {
            what: "a map of clusters",
            expected: format!("the {} units that were clustered", clustering.len()),
            found: format!("{} rows", data.labels.len()),
        }
        .into());
    }
    let fit = pca(data, &PcaParams::default())?;
    plane(&fit, 1, 2, Some(clustering))
}

/// What to show of principal components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Components {
    /// Units in the plane of two components.
    #[default]
    Scores,
    /// Columns in the plane of two components.
    Loadings,
    /// Shares of variance.
    Scree,
}

impl Choice for Components {
    const ALL: &'static [(&'static str, Self)] =
        &[("scores", Self::Scores), ("loadings", Self::Loadings), ("scree", Self::Scree)];
}

/// `show` of the components of `fit`; `x` and `y` are components from 1.
pub fn components(
    fit: &Pca,
    show: Components,
    x: usize,
    y: usize,
    clustering: Option<&Clustering>,
) -> Result<Chart> {
    match show {
        Components::Scores => plane(fit, x, y, clustering),
        Components::Scree => scree(&ScreeInput {
            explained: &fit.explained,
            title: "Variance explained by principal components",
            subtitle: Some(&basis(fit)),
        }),
        Components::Loadings => {
            check_component(fit, "x", x)?;
            check_component(fit, "y", y)?;
            let zeros = vec![0.0; fit.columns.len()];
            let column =
                |c: usize| -> Vec<f64> { fit.correlations.column(c - 1).iter().copied().collect() };
            let (to_x, to_y) = (column(x), column(y));
            let field = |name: &str, values: &[f64]| Field::numbers(name, values.iter().copied());
            let (x_title, y_title) = (component_title(fit, x), component_title(fit, y));
            let names = || Field::texts("column", fit.columns.iter().cloned());
            let arrows = Layer::new(Mark::Segment)
                .with(Channel::X, field(&x_title, &zeros))
                .with(Channel::Y, field(&y_title, &zeros))
                .with(Channel::X2, field(&x_title, &to_x))
                .with(Channel::Y2, field(&y_title, &to_y))
                .styled(|style| style.opacity = 0.5);
            let ends = Layer::new(Mark::Point)
                .with(Channel::X, field(&x_title, &to_x))
                .with(Channel::Y, field(&y_title, &to_y))
                .with(Channel::Label, names());
            let mut chart = Chart::new("Correlations of the columns with the components")
                .layer(arrows)
                .layer(ends);
            chart.subtitle = Some(basis(fit));
            Ok(chart)
        }
    }
}

fn plane(fit: &Pca, x: usize, y: usize, clustering: Option<&Clustering>) -> Result<Chart> {
    check_component(fit, "x", x)?;
    check_component(fit, "y", y)?;
    let column = |c: usize| -> Vec<f64> { fit.scores.column(c - 1).iter().copied().collect() };
    let clusters = clustering.map(labels);
    let subtitle = match clustering {
        Some(clustering) => format!("{}; clusters: {}", basis(fit), clustering.method),
        None => basis(fit),
    };
    scores(&ScoresInput {
        units: &fit.units,
        x: &column(x),
        y: &column(y),
        clusters: clusters.as_deref(),
        cluster_names: clustering.map_or(&[], |clustering| &clustering.names),
        x_title: &component_title(fit, x),
        y_title: &component_title(fit, y),
        title: &format!("Units on principal components {x} and {y}"),
        subtitle: Some(&subtitle),
    })
}

fn check_component(fit: &Pca, parameter: &'static str, component: usize) -> Result<()> {
    let most = fit.explained.len();
    if (1..=most).contains(&component) {
        return Ok(());
    }
    Err(Error::Invalid {
        primitive: "plot",
        parameter,
        rule: format!("be a component, 1..={most}"),
        value: component.to_string(),
    })
}

fn component_title(fit: &Pca, component: usize) -> String {
    format!("PC{component} ({} % of variance)", fixed(fit.explained[component - 1] * 100.0, 1))
}

fn basis(fit: &Pca) -> String {
    let scaled = if fit.scaled { "standardised" } else { "centred" };
    format!("{} {scaled} columns, {} units", fit.columns.len(), fit.units.len())
}

/// One criterion of `choice` over the number of clusters, with the number it picks.
pub fn choice_of_k(choice: &ChooseK, criterion: &str) -> Result<Chart> {
    let Some((_, values)) = choice.criteria.iter().find(|(name, _)| name == criterion) else {
        return Err(Error::UnknownName {
            primitive: "plot".into(),
            kind: "criterion".into(),
            name: criterion.to_owned(),
            known: choice.criteria.iter().map(|(name, _)| name.clone()).collect(),
        });
    };
    let present: Vec<(f64, f64)> =
        values.iter().enumerate().filter_map(|(at, v)| Some((at as f64 + 1.0, (*v)?))).collect();
    let ks = || Field::numbers("k", present.iter().map(|(k, _)| *k));
    let field = || Field::numbers(criterion, present.iter().map(|(_, value)| *value));
    let mut chart = Chart::new(&format!("Number of clusters by {criterion}"));
    let line = |mark| Layer::new(mark).with(Channel::X, ks()).with(Channel::Y, field());
    chart = chart.layer(line(Mark::Line));
    if let Some(gap) = choice.gap.as_ref().filter(|_| criterion == "gap") {
        // The rules weigh each step against the error of the simulation.
        let end = |sign: f64| {
            let ends = gap.gap.iter().zip(&gap.se).map(move |(gap, se)| gap + sign * se);
            Field::numbers("gap and one standard error", ends)
        };
        chart = chart.layer(
            Layer::new(Mark::Interval)
                .with(Channel::X, ks())
                .with(Channel::Y, end(-1.0))
                .with(Channel::Y2, end(1.0)),
        );
    }
    chart = chart.layer(line(Mark::Point));
    chart.subtitle = Some(capital(&choice.method));
    let voters = choice.picks.iter().filter(|pick| pick.votes).count();
    if let Some((k, votes)) = choice.votes.first() {
        let whiskers = if criterion == "gap" { "Whiskers: one standard error. " } else { "" };
        let vote = format!("{whiskers}Of all {voters} criteria {votes} pick k = {k}.");
        chart.caption = Some(vote);
    }
    chart.x = Axis {
        title: Some("Number of clusters".into()),
        limits: Some((0.6, values.len() as f64 + 0.4)),
        ..Axis::default()
    };
    // One line for each k that is picked, under the names of the rules that pick it.
    let mut picked: Vec<(usize, Vec<&str>)> = Vec::new();
    for pick in &choice.picks {
        let rule = if pick.rule == criterion {
            pick.how
        } else {
            let inner = pick.rule.strip_prefix(criterion).and_then(|rest| rest.strip_prefix(" ("));
            let Some(rule) = inner.and_then(|rest| rest.strip_suffix(')')) else { continue };
            rule
        };
        match picked.iter_mut().find(|(k, _)| *k == pick.k) {
            Some((_, rules)) => rules.push(rule),
            None => picked.push((pick.k, vec![rule])),
        }
    }
    for (k, rules) in picked {
        let caption = format!("k = {k}: {}", rules.join(", "));
        chart = chart.reference(Channel::X, k as f64, &caption);
    }
    Ok(chart)
}

/// Efficiencies of `fit`, the most efficient on top, with their bounds and mean.
pub fn efficiencies(fit: &SfaFit, params: &EfficiencyParams) -> Result<Chart> {
    let law = capital(&fit.params.inefficiency.name().replace('_', "-"));
    efficiency(&fit.efficiency(params)?, fit.params.frontier, &law, &fit.warnings)
}

/// The same of a frontier with the user's own density.
pub fn custom_efficiencies(fit: &CustomFit, params: &EfficiencyParams) -> Result<Chart> {
    efficiency(&fit.efficiency(params)?, fit.params.frontier, "Own-density", &fit.warnings)
}

fn efficiency(
    efficiency: &Efficiency,
    frontier: Orientation,
    law: &str,
    warnings: &[String],
) -> Result<Chart> {
    let some = |values: &[f64]| -> Vec<Option<f64>> { values.iter().copied().map(Some).collect() };
    let estimator = match efficiency.estimator {
        Estimator::BatteseCoelli => "Battese and Coelli",
        Estimator::Jlms => "Jondrow and others",
        Estimator::Mode => "conditional mode",
    };
    let kind = match frontier {
        Orientation::Production => "Technical efficiency",
        Orientation::Cost => "Cost efficiency",
    };
    let interval = format!("{} % interval", number(efficiency.level * 100.0));
    let subtitle = format!("{law} {} frontier, {} rows", frontier.name(), efficiency.te.len());
    let mut chart = ranked(&RankedInput {
        units: &efficiency.labels,
        values: &some(&efficiency.te),
        lower: Some(&some(&efficiency.lower)),
        upper: Some(&some(&efficiency.upper)),
        value_title: &format!("{kind} ({estimator})"),
        interval_title: Some(&interval),
        limits: Some((0.0, 1.0)),
        mean_line: true,
        title: &format!("{kind}, ranked"),
        subtitle: Some(&subtitle),
        ..RankedInput::default()
    })?;
    chart.caption = joined(warnings);
    Ok(chart)
}

/// A labelled vector as a ranking, another one as a histogram.
pub fn vector(values: &Vector) -> Result<Chart> {
    let name = values.name().unwrap_or("value").to_owned();
    let numbers: Vec<Option<f64>> = values.floats()?.iter().collect();
    let Some(labels) = values.labels() else {
        return histogram(&HistogramInput {
            values: &numbers,
            value_title: &name,
            bins: None,
            title: &format!("Distribution of {name}"),
        });
    };
    let units: Vec<String> = labels.iter().map(|l| l.unwrap_or("").to_owned()).collect();
    ranked(&RankedInput {
        units: &units,
        values: &numbers,
        value_title: &name,
        title: &format!("{name}, ranked"),
        ..RankedInput::default()
    })
}

/// All numeric columns of `table` as a map of cells, rows by their labels.
pub fn cells(table: &Table, title: Option<&str>) -> Result<Chart> {
    let numeric = table.numeric()?;
    let columns = numeric.columns();
    let mut values: Vec<Vec<Option<f64>>> = vec![Vec::new(); table.nrow()];
    for name in &columns {
        for (row, value) in values.iter_mut().zip(numeric.floats("plot", name)?.iter()) {
            row.push(value.filter(|v| v.is_finite()));
        }
    }
    let all = || values.iter().flatten().flatten().copied();
    let two_sided = all().any(|v| v < 0.0) && all().any(|v| v > 0.0);
    let correlation = two_sided && all().all(|v| v.abs() <= 1.0 + 1e-9);
    heatmap(&HeatmapInput {
        rows: &table.row_names(),
        columns: &columns,
        values: &values,
        value_title: "value",
        middle: two_sided.then_some(0.0),
        limits: correlation.then_some((-1.0, 1.0)),
        decimals: Some(2),
        title: title.unwrap_or("Values by row and column"),
        ..HeatmapInput::default()
    })
}

/// Warnings as one caption.
pub(super) fn joined(warnings: &[String]) -> Option<String> {
    let sentences: Vec<String> = warnings
        .iter()
        .map(|warning| format!("{}.", capital(warning.trim_end_matches('.'))))
        .collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
