//! `plot` of every result as a script calls it: what each form of the display holds, files, errors.

use esep_dsl::{Bundle, Session, Sink};

struct Quiet;

impl Sink for Quiet {
    fn print(&self, _: &str) {}
    fn display(&self, _: &Bundle) {}
    fn warn(&self, _: &str) {}
}

const SETUP: &str = r#"
let regions = load("regions_2023");
let z = regions.numeric().standardise();
let f = "log(y) ~ log(ict_investments) + log(innovation_expenditure) + log(ict_specialists_per1000) + log(fixed_capital_industry) + log(cloud_use_share)";
regions.y = regions.manuf_output * regions.digital_tech_use_share / 100;
let scores = load("readiness_scores");
let fw = framework("digital_readiness");
"#;

/// The display of `code` after the setup, or the error as the user sees it.
fn run(code: &str) -> Result<Bundle, String> {
    let mut session = Session::new(Box::new(Quiet));
    session.eval(SETUP).map_err(|report| report.render(false))?;
    let shown = session.eval(code).map_err(|report| report.render(false))?;
    Ok(shown.unwrap_or_default())
}

/// Every result with words that its picture must carry.
const RESULTS: &[(&str, &str, &[&str])] = &[
    ("tree", "plot(hclust(z))", &["Ulytau", "ward.D2", "euclidean"]),
    ("tree_cut", "plot(hclust(z), #{ k: 3 })", &["cut into 3 clusters", "cluster 3"]),
    ("silhouettes", "plot(hclust(z).cut(3))", &["Silhouette width", "mean 0.456"]),
    ("cluster_map", "plot(hclust(z).cut(3), z)", &["PC1 (34.9 % of variance)", "Kyzylorda"]),
    ("scree", "plot(pca(z), #{ show: \"scree\" })", &["PC17", "cumulative"]),
    ("loadings", "plot(pca(z), #{ show: \"loadings\" })", &["cloud_use_share"]),
    ("choose_k", "plot(choose_k(z, #{ max: 6 }))", &["Number of clusters"]),
    (
        "readiness",
        "plot(readiness(scores, fw, #{ normalise: \"as_published\" }))",
        &["high above 0.8", "Block value"],
    ),
    ("sensitivity", "plot(sensitivity(scores, fw, #{ draws: 200, seed: 1 }))", &["Median rank"]),
    ("model", "plot(sfa(f, regions))", &["Technical efficiency", "mean 0.65"]),
    (
        "line",
        "plot(load(\"cloud_bigdata_2020_2024\"), #{ x: \"year\", y: load(\"cloud_bigdata_2020_2024\").numeric().columns[1], mark: \"line\" })",
        &["2020", "2024"],
    ),
    ("cells", "plot(z, #{ mark: \"rect\" })", &["Astana", "cloud_use_share"]),
    ("vector", "plot(regions.gdp_per_capita)", &["gdp_per_capita, ranked", "Atyrau"]),
];

#[test]
fn every_result_shows_itself_in_every_form() {
    for (name, code, words) in RESULTS {
        let bundle = run(code).unwrap_or_else(|error| panic!("{name}: {error}"));
        let svg = bundle.svg.unwrap_or_else(|| panic!("{name}: no picture"));
        for word in *words {
            assert!(svg.contains(word), "{name}: {word} is missing in the picture");
        }
        assert!(!svg.contains("NaN"), "{name}");
        let spec = bundle.vega_lite.unwrap_or_default();
        assert!(spec["layer"].as_array().is_some_and(|l| !l.is_empty()), "{name}");
        for line in bundle.plain.lines() {
            assert!(line.chars().count() <= 100, "{name}: {line}");
        }
        if let Some(folder) = std::env::var_os("ESEP_PICTURES") {
            let path = std::path::Path::new(&folder).join(format!("{name}.png"));
            run(&format!("({code}).save({:?})", path.display().to_string())).unwrap();
        }
    }
}

#[test]
fn a_chart_is_saved_by_its_ending_and_never_in_part() {
    let folder = tempfile::tempdir().unwrap();
    for (ending, begins) in [("svg", &b"<svg"[..]), ("png", b"\x89PNG"), ("json", b"{")] {
        let path = folder.path().join(format!("chart.{ending}"));
        run(&format!("plot(regions.gdp_per_capita).save({:?})", path.display().to_string()))
            .unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(begins), "{ending}");
    }
    let error = run("plot(regions.gdp_per_capita).save(\"chart.pdf\")").unwrap_err();
    assert!(error.contains("does not end in .svg, .png or .json"), "{error}");
    let lost = folder.path().join("none").join("chart.svg").display().to_string();
    let error = run(&format!("plot(regions.gdp_per_capita).save({lost:?})")).unwrap_err();
    assert!(error.contains("save:"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "no part file stays");
}

#[test]
fn mistakes_name_their_cause() {
    for (code, words) in [
        ("plot(regions, #{ x: \"gdp\", y: \"y\" })", "no column `gdp`"),
        (
            "plot(regions, #{ x: \"y\", y: \"gdp_per_capita\", mrak: \"point\" })",
            "unknown option `mrak`",
        ),
        (
            "plot(regions, #{ x: \"y\", y: \"gdp_per_capita\", mark: \"dot\" })",
            "unknown value for mark `dot`",
        ),
        ("plot(regions, #{ x: \"y\", y: \"gdp_per_capita\", color: \"region\" })", "20 categories"),
        (
            "plot(z, #{ x: \"gdp_per_capita\", y: \"manuf_output\", x_scale: \"log\" })",
            "a logarithmic x axis needs values above 0",
        ),
        (
            "plot(regions.where(|r| r.y < 0), #{ x: \"y\", y: \"gdp_per_capita\" })",
            "nothing to draw",
        ),
        ("plot(regions, #{ mark: \"line\" })", "y must name a column"),
        ("plot(regions.gdp_per_capita).size(10, 10)", "100 to 8000 pixels"),
        ("plot(hclust(z), #{ k: 30 })", "30"),
        ("plot(pca(z), #{ x: 40 })", "got 40"),
    ] {
        let error = run(code).expect_err(code);
        assert!(error.contains(words), "{code}\n{error}");
    }
}
