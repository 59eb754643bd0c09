//! `plot(...)`, one overload a result.

use std::rc::Rc;

use esep_stdlib::chart::build::{self, Components, HistogramInput, Orientation, Room, TablePlot};
use esep_stdlib::chart::{Chart, Mark, Scale};
use esep_stdlib::cluster::{ChooseK, Clustering, Pca, Tree};
use esep_stdlib::frontier::{CustomFit, EfficiencyParams, Estimator, SfaFit};
use esep_stdlib::readiness::{OverTime, Readiness, Sensitivity, Stability, WhatIf};
use esep_stdlib::scenario::Scenarios;
use esep_stdlib::{Choice, Table, Vector};
use rhai::Map;

use crate::library::{Library, Shared};
use crate::options::Options;
use crate::report::{Fallible, Raise};

const NAME: &str = "plot";

pub(super) fn register(library: &mut Library<'_>) {
    tables(library);
    clusters(library);
    scores(library);
    let engine = &mut *library.engine;
    engine.register_fn(NAME, |s: Rc<Scenarios>| scenarios(&s, Map::new()));
    engine.register_fn(NAME, |s: Rc<Scenarios>, options: Map| scenarios(&s, options));
    engine.register_fn(NAME, |m: Rc<SfaFit>| model(&m, Map::new()));
    engine.register_fn(NAME, |m: Rc<SfaFit>, options: Map| model(&m, options));
    engine.register_fn(NAME, |m: Rc<CustomFit>| custom(&m, Map::new()));
    engine.register_fn(NAME, |m: Rc<CustomFit>, options: Map| custom(&m, options));
    engine.register_fn(NAME, |chart: Chart| chart);
}

fn scores(library: &mut Library<'_>) {
    let (shared, again) = (library.shared(), library.shared());
    let engine = &mut *library.engine;
    engine.register_fn(NAME, move |r: Rc<Readiness>| readiness(&shared, &r, Map::new()));
    engine.register_fn(NAME, move |r: Rc<Readiness>, options: Map| readiness(&again, &r, options));
    engine.register_fn(NAME, |s: Rc<Sensitivity>| build::sensitivity(&s).raise());
    engine.register_fn(NAME, |s: Rc<Sensitivity>, options: Map| {
        titled(build::sensitivity(&s).raise()?, Options::new(NAME, options))
    });
    engine.register_fn(NAME, |s: Rc<Stability>| room(&s, Map::new()));
    engine.register_fn(NAME, |s: Rc<Stability>, options: Map| room(&s, options));
    engine.register_fn(NAME, |o: Rc<OverTime>| build::trajectories(&o).raise());
    engine.register_fn(NAME, |o: Rc<OverTime>, options: Map| {
        titled(build::trajectories(&o).raise()?, Options::new(NAME, options))
    });
    engine.register_fn(NAME, |w: Rc<WhatIf>| moves(&w, Map::new()));
    engine.register_fn(NAME, |w: Rc<WhatIf>, options: Map| moves(&w, options));
}

fn tables(library: &mut Library<'_>) {
    let (shared, again) = (library.shared(), library.shared());
    let engine = &mut *library.engine;
    engine.register_fn(NAME, move |t: Table, options: Map| table(&shared, &t, options));
    engine.register_fn(NAME, move |t: Table| table(&again, &t, Map::new()));
    engine.register_fn(NAME, |v: Vector| build::vector(&v).raise());
    engine.register_fn(NAME, |v: Vector, options: Map| {
        titled(build::vector(&v).raise()?, Options::new(NAME, options))
    });
    engine.register_fn("histogram", |v: Vector| histogram(&v, Map::new()));
    engine.register_fn("histogram", |v: Vector, options: Map| histogram(&v, options));
}

fn clusters(library: &mut Library<'_>) {
    let shared = library.shared();
    let again = library.shared();
    let engine = &mut *library.engine;
    engine.register_fn(NAME, |t: Rc<Tree>| tree(&t, Map::new()));
    engine.register_fn(NAME, |t: Rc<Tree>, options: Map| tree(&t, options));
    engine.register_fn(NAME, move |c: Rc<Clustering>| {
        build::silhouettes(&c, &shared.context()).raise()
    });
    engine.register_fn(NAME, move |c: Rc<Clustering>, options: Map| {
        let chart = build::silhouettes(&c, &again.context()).raise()?;
        titled(chart, Options::new(NAME, options))
    });
    engine.register_fn(NAME, |c: Rc<Clustering>, z: Table| cluster_map(&c, &z, Map::new()));
    engine.register_fn(NAME, |c: Rc<Clustering>, z: Table, options: Map| {
        cluster_map(&c, &z, options)
    });
    engine.register_fn(NAME, |p: Rc<Pca>| components(&p, None, Map::new()));
    engine.register_fn(NAME, |p: Rc<Pca>, options: Map| components(&p, None, options));
    engine.register_fn(NAME, |p: Rc<Pca>, c: Rc<Clustering>| components(&p, Some(&c), Map::new()));
    engine.register_fn(NAME, |p: Rc<Pca>, c: Rc<Clustering>, options: Map| {
        components(&p, Some(&c), options)
    });
    engine.register_fn(NAME, |c: Rc<ChooseK>| criterion(&c, Map::new()));
    engine.register_fn(NAME, |c: Rc<ChooseK>, options: Map| criterion(&c, options));
}

/// `chart` under the texts in `options`, which must hold nothing else.
fn titled(mut chart: Chart, mut options: Options) -> Fallible<Chart> {
    for (name, place) in [
        ("title", &mut chart.title),
        ("subtitle", &mut chart.subtitle),
        ("caption", &mut chart.caption),
    ] {
        if let Some(text) = options.text(name)? {
            *place = Some(text);
        }
    }
    options.finish()?;
    Ok(chart)
}

/// The option `language`, else the session's.
fn language(shared: &Shared, options: &mut Options) -> Fallible<String> {
    let own = || shared.style().language.code().to_owned();
    Ok(options.text("language")?.unwrap_or_else(own))
}

fn table(shared: &Shared, table: &Table, options: Map) -> Fallible<Chart> {
    let mut options = Options::new(NAME, options);
    let mark = match options.text("mark")? {
        Some(text) => Some(Mark::parse(NAME, "mark", &text).raise()?),
        None => None,
    };
    let plot = TablePlot {
        x: options.text("x")?,
        y: options.text("y")?,
        mark,
        color: options.text("color")?,
        size: options.text("size")?,
        label: options.text("label")?,
        x_scale: options.choice("x_scale", Scale::default())?,
        y_scale: options.choice("y_scale", Scale::default())?,
        orientation: options.choice("orientation", Orientation::default())?,
        sort: options.flag("sort", false)?,
        title: options.text("title")?,
        subtitle: options.text("subtitle")?,
        caption: options.text("caption")?,
        x_title: options.text("x_title")?,
        y_title: options.text("y_title")?,
        language: Some(language(shared, &mut options)?),
    };
    options.finish()?;
    build::table(table, &plot).raise()
}

fn histogram(values: &Vector, options: Map) -> Fallible<Chart> {
    let mut options = Options::new("histogram", options);
    let name = values.name().unwrap_or("value").to_owned();
    let title = options.text("title")?;
    let input = HistogramInput {
        values: &values.floats().raise()?.iter().collect::<Vec<_>>(),
        value_title: &options.text("x_title")?.unwrap_or_else(|| name.clone()),
        bins: options.optional_count("bins")?,
        title: &title.unwrap_or_else(|| format!("Distribution of {name}")),
    };
    options.finish()?;
    build::histogram(&input).raise()
}

fn tree(tree: &Tree, options: Map) -> Fallible<Chart> {
    let mut options = Options::new(NAME, options);
    let k = options.optional_count("k")?;
    titled(build::tree(tree, k).raise()?, options)
}

fn cluster_map(clustering: &Clustering, z: &Table, options: Map) -> Fallible<Chart> {
    let data = z.numeric().raise()?.matrix(NAME, None).raise()?;
    titled(build::cluster_map(clustering, &data).raise()?, Options::new(NAME, options))
}

fn components(fit: &Pca, clustering: Option<&Clustering>, options: Map) -> Fallible<Chart> {
    let mut options = Options::new(NAME, options);
    let show = options.choice("show", Components::default())?;
    let (x, y) = (options.count("x", 1)?, options.count("y", 2)?);
    titled(build::components(fit, show, x, y, clustering).raise()?, options)
}

fn criterion(choice: &ChooseK, options: Map) -> Fallible<Chart> {
    let mut options = Options::new(NAME, options);
    let name = options.text("criterion")?.unwrap_or_else(|| "silhouette".to_owned());
    titled(build::choice_of_k(choice, &name).raise()?, options)
}

fn readiness(shared: &Shared, result: &Readiness, options: Map) -> Fallible<Chart> {
    let mut options = Options::new(NAME, options);
    let language = language(shared, &mut options)?;
    titled(build::readiness(result, &language).raise()?, options)
}

fn room(stability: &Stability, options: Map) -> Fallible<Chart> {
    let mut options = Options::new(NAME, options);
    let show = options.choice("show", Room::default())?;
    titled(build::room(stability, show).raise()?, options)
}

fn moves(what_if: &WhatIf, options: Map) -> Fallible<Chart> {
    let mut options = Options::new(NAME, options);
    let unit = options.text("unit")?;
    titled(build::moves(what_if, unit.as_deref()).raise()?, options)
}

fn scenarios(result: &Scenarios, options: Map) -> Fallible<Chart> {
    let mut options = Options::new(NAME, options);
    let measure = options.text("measure")?;
    titled(build::scenarios(result, measure.as_deref()).raise()?, options)
}

fn estimation(options: &mut Options) -> Fallible<EfficiencyParams> {
    Ok(EfficiencyParams {
        estimator: options.choice("estimator", Estimator::default())?,
        level: options.float("level", EfficiencyParams::default().level)?,
    })
}

fn custom(fit: &CustomFit, options: Map) -> Fallible<Chart> {
    let mut options = Options::new(NAME, options);
    let params = estimation(&mut options)?;
    titled(build::custom_efficiencies(fit, &params).raise()?, options)
}

fn model(fit: &SfaFit, options: Map) -> Fallible<Chart> {
    let mut options = Options::new(NAME, options);
    let params = estimation(&mut options)?;
    titled(build::efficiencies(fit, &params).raise()?, options)
}
