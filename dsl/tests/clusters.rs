//! Clusters as users type them.

// Helpers of tests stand outside the test functions themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use esep_dsl::{Bundle, Session, Sink};

struct Silent;

impl Sink for Silent {
    fn print(&self, _: &str) {}
    fn display(&self, _: &Bundle) {}
    fn warn(&self, _: &str) {}
}

const Z: &str = "let t = load(\"regions_2023\").numeric(); let z = t.standardise();";

fn run(code: &str) -> Result<String, String> {
    match Session::new(Box::new(Silent)).eval(&format!("{Z}\n{code}")) {
        Ok(bundle) => Ok(bundle.map(|b| b.plain).unwrap_or_default()),
        Err(report) => Err(report.render(false)),
    }
}

fn shows(code: &str) -> String {
    run(code).unwrap_or_else(|report| panic!("{code}\n{report}"))
}

fn fails(code: &str) -> String {
    match run(code) {
        Ok(text) => panic!("{code} gave {text}"),
        Err(report) => report,
    }
}

#[test]
fn the_printed_clusters_of_the_regions() {
    let tree = "let tree = hclust(z, #{ linkage: \"ward.D2\", distance: \"euclidean\" }); let c = tree.cut(3);";
    assert_eq!(shows(&format!("{tree} c.sizes.to_array()")), "[17, 1, 2]");
    assert_eq!(shows(&format!("{tree} c.k")), "3");
    assert_eq!(shows(&format!("{tree} [c.labels[\"Astana\"], c.labels[\"Almaty\"]]")), "[3, 3]");
    assert!(shows(&format!("{tree} c.silhouette_mean")).starts_with("0.45582"));
    assert!(shows(&format!("{tree} c")).contains("Mean silhouette 0.4558"));
    assert!(shows("pca(z).explained[1]").starts_with("0.21711"));
    assert!(
        shows(&format!("{tree} c.named([\"rest\", \"oil\", \"cities\"]).profile(t)"))
            .contains("cities")
    );
}

#[test]
fn every_display_fits_the_terminal() {
    for code in [
        "hclust(z)",
        "hclust(z, #{ linkage: \"centroid\" })",
        "hclust(z).cut(3)",
        "hclust(z).cut(3).profile(t)",
        "hclust(z).cut(3).silhouette()",
        "kmeans(z, 4)",
        "pam(z, 3)",
        "pca(z)",
        "choose_k(z, #{ max: 8, draws: 20 })",
        "distance(z, \"euclidean\")",
        "diagnose(z)",
        "hopkins(z)",
        "kmeans(z, 3).stability(#{ draws: 20 })",
        "hclust(z).cut(3).leave_one_out()",
    ] {
        let text = shows(code);
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{code}: {line}");
        }
    }
}

#[test]
fn mistakes_name_their_cause() {
    let text = fails("hclust(z).cut(25)");
    assert!(text.contains("cut: k must lie in 1..=20 (rows), got 25"), "{text}");
    assert!(text.contains("hint: lower k"), "{text}");
    let text = fails("hclust(z, #{ linkge: \"single\" })");
    assert!(text.contains("unknown option `linkge`") && text.contains("linkage"), "{text}");
    let text = fails("hclust(z, #{ linkage: \"singel\" })");
    assert!(text.contains("`single`"), "{text}");
    let text = fails("hclust(z, #{ distance: \"goewr\" })");
    assert!(text.contains("gower"), "{text}");
    let text = fails("hclust(load(\"regions_2023\"))");
    assert!(text.contains("numeric"), "{text}");
    let text = fails("kmeans(z, 25)");
    assert!(text.contains("kmeans: k must lie in 1..=20 (rows), got 25"), "{text}");
    let text = fails(
        "z.constant = vector([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]); pca(z)",
    );
    assert!(text.contains("constant"), "{text}");
    let text = fails("distance(z, |a, b| 0.0 - 1.0)");
    assert!(text.contains("is -1"), "{text}");
    let text = fails("distance(z, |a, b| a.no_such_column)");
    assert!(text.contains("no_such_column"), "{text}");
    fails("choose_k(z, #{ max: 20 })");
    fails("adjusted_rand([1, 2], [1, 2, 3])");
}

#[test]
fn closures_and_gower_stand_where_a_distance_does() {
    let by_closure = "hclust(z, #{ linkage: \"average\", distance: |a, b| abs(a.gdp_per_capita - b.gdp_per_capita) }).heights.len()";
    assert_eq!(shows(by_closure), "19");
    assert_eq!(shows("pam(z, 2, #{ distance: \"gower\" }).k"), "2");
    assert_eq!(shows("pam(distance(z, \"manhattan\"), 2).k"), "2");
    assert_eq!(shows("hclust(distance(z, \"euclidean\")).cut(3).sizes.to_array()"), "[17, 1, 2]");
}
