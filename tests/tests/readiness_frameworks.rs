//! Bundled frameworks other than the questionnaire, against published or worked numbers.

#![allow(clippy::unwrap_used)] // A test that cannot read its data has failed.

use esep_stdlib::readiness::{Framework, Readiness, ReadinessParams, readiness};
use esep_stdlib::table::csv::{ReadOptions, read_str};
use esep_stdlib::table::datasets::Dataset;

fn run(framework: &str, csv: &str) -> Readiness {
    let framework = Framework::bundled(framework).unwrap();
    let table = read_str(csv, "scores", &ReadOptions::default()).unwrap();
    readiness(&table, &framework, &ReadinessParams::default()).unwrap()
}

#[test]
fn egdi_of_kazakhstan_2020_is_the_mean_of_its_three_indices() {
    let table = Dataset::find("egdi_kazakhstan").unwrap().table().unwrap();
    let framework = Framework::bundled("egdi").unwrap();
    let scores = table.select(&["osi", "tii", "hci"]).unwrap();
    let result = readiness(&scores, &framework, &ReadinessParams::default()).unwrap();
    let index = result.index_values();
    assert!((index[6].unwrap() - 0.8375).abs() < 5e-5, "{index:?}");
    assert_eq!(result.level_names()[6].as_deref(), Some("very high"));
    // Earlier years have no sub-indices in the table, so they have no index either.
    assert_eq!(index[..6], [None; 6]);
    assert_eq!(result.ranks()[0], None);
}

#[test]
fn impuls_dimensions_are_their_lowest_field() {
    let codes = [
        "strategy.1,strategy.2,strategy.3",
        "smart_factory.1,smart_factory.2,smart_factory.3,smart_factory.4",
        "smart_products.1,smart_products.2",
        "data_services.1,data_services.2,data_services.3",
        "smart_operations.1,smart_operations.2,smart_operations.3,smart_operations.4",
        "employees.1,employees.2",
    ];
    let csv = format!("firm,{}\nA,3,4,2,5,5,5,1,0,3,2,2,4,5,5,5,5,4,4\n", codes.join(","));
    let result = run("impuls", &csv);
    let blocks = result.blocks().unwrap();
    let block = |code: &str| blocks.at("A", code).unwrap().as_f64().unwrap();
    assert_eq!(block("strategy"), 2.0 / 5.0);
    assert_eq!(block("smart_factory"), 1.0 / 5.0);
    assert_eq!(block("smart_products"), 0.0);
    let level = (25.0 * 2.0 + 14.0 + 14.0 * 2.0 + 10.0 * 5.0 + 18.0 * 4.0) / 100.0;
    assert!((result.index_values()[0].unwrap() - level / 5.0).abs() < 1e-15);
    assert_eq!(result.level_names()[0].as_deref(), Some("intermediate"));
}

#[test]
fn desi_weights_its_sub_dimensions_as_published() {
    let framework = Framework::bundled("desi_2022").unwrap();
    let weights = framework.weights().unwrap();
    let overall = |code: &str| weights.at(code, "overall").unwrap().as_f64().unwrap();
    assert!((overall("3b") - 0.175).abs() < 1e-15);
    assert!((overall("2c") - 0.1).abs() < 1e-15);
    assert!((overall("4a") - 0.25).abs() < 1e-15);
    // A score above its goalpost is not clipped.
    let head = "country,1a,1b,2a,2b,2c,2d,3a,3b,3c,4a";
    let result = run("desi_2022", &format!("{head}\nX,50,50,50,50,50,50,50,50,50,110\n"));
    assert!((result.index_values()[0].unwrap() - (0.375 + 0.275)).abs() < 1e-12);
}

#[test]
fn the_teaching_framework_reads_answers_stages_and_minimums() {
    let result = run(
        "teaching",
        "firm,systems,twins,speed,skills,unwilling,policy,audit\n\
         A,erp; mes,pilot,2000,5,20,1,0\n\
         B,erp; crm; mes; scm,in use,1000,5,0,0,1\n",
    );
    let node = |code: &str, unit: &str| result.node(code).unwrap().get(unit).unwrap().as_f64();
    // Choices 4/6, rung 0.5, goalposts clipped to 1.
    let technology = (4.0 / 6.0 * 0.5_f64).cbrt();
    assert!((node("technology", "A").unwrap() - technology).abs() < 1e-15);
    assert!((node("people", "A").unwrap() - (2.0 + 0.8) / 3.0).abs() < 1e-15);
    assert_eq!(node("security", "A"), Some(0.5));
    // Stage 2 without stage 1 is stage 0, and that caps the level of an otherwise good unit.
    assert_eq!(node("security", "B"), Some(0.0));
    let zero_floored = 0.01_f64.powf(0.2);
    assert!((result.index_values()[1].unwrap() - zero_floored).abs() < 1e-15);
    let names = result.level_names();
    assert_eq!(names[1].as_deref(), Some("growing"));
    assert_eq!(result.faults.len(), 0);
}

#[test]
fn an_answer_that_does_not_exist_names_those_that_do() {
    let framework = Framework::bundled("teaching").unwrap();
    let table = read_str("firm,twins\nA,pilt\n", "scores", &ReadOptions::default()).unwrap();
    let error = readiness(&table, &framework, &ReadinessParams::default()).unwrap_err();
    assert!(error.to_string().contains("`pilt` is no answer to item `twins` of A"), "{error}");
    assert!(error.hint().unwrap().contains("`pilot`"));
}
