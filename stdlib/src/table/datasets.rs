//! The bundled datasets.

use super::csv::{ReadOptions, read_str};
use super::error::TableError;
use super::frame::Table;
use super::vector::Vector;
use crate::error::Result;

/// A dataset inside the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dataset {
    /// Name for `load`.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// Units of its figures.
    pub units: &'static str,
    /// Where the figures come from.
    pub source: &'static str,
    text: &'static str,
    codebook: Option<&'static str>,
}

macro_rules! dataset {
    ($name:literal, $title:literal, $units:literal, $source:literal $(, $codebook:literal)?) => {
        Dataset {
            name: $name,
            title: $title,
            units: $units,
            source: $source,
            text: include_str!(concat!("../../data/", $name, ".csv")),
            codebook: dataset!(@codebook $($codebook)?),
        }
    };
    (@codebook) => { None };
    (@codebook $codebook:literal) => {
        Some(include_str!(concat!("../../data/", $codebook, ".csv")))
    };
}

/// Every bundled dataset, by name.
pub const DATASETS: &[Dataset] = &[
    dataset!(
        "cloud_bigdata_2020_2024",
        "Enterprises using cloud computing and big data",
        "enterprises",
        "Bureau of National Statistics of Kazakhstan"
    ),
    dataset!(
        "digital_use_by_region_2020_2024",
        "Manufacturers using digital technology by region",
        "% of large and medium manufacturers",
        "Bureau of National Statistics of Kazakhstan"
    ),
    dataset!(
        "egdi_kazakhstan",
        "E-Government Development Index of Kazakhstan",
        "rank; index and sub-indices in 0..1",
        "United Nations E-Government Survey"
    ),
    dataset!(
        "ict_cost_structure_2024",
        "Structure of ICT costs by industry, 2024",
        "million KZT",
        "Bureau of National Statistics of Kazakhstan"
    ),
    dataset!(
        "industry_ict_2015_2024",
        "Computers, internet and ICT expenditure by industry",
        "enterprises; million KZT",
        "Bureau of National Statistics of Kazakhstan"
    ),
    dataset!(
        "kz_ict_costs_2007_2017",
        "ICT costs of Kazakhstan",
        "million KZT",
        "Bureau of National Statistics of Kazakhstan"
    ),
    dataset!(
        "kz_internet_users",
        "Population and internet users of Kazakhstan",
        "persons",
        "Internet World Stats"
    ),
    dataset!(
        "readiness_blocks",
        "Blocks of the digital-ecosystem readiness questionnaire",
        "weights sum to 1",
        "Dissertation on digital ecosystems of Kazakhstan's industry"
    ),
    dataset!(
        "readiness_items",
        "Items of the digital-ecosystem readiness questionnaire",
        "answer scales as declared",
        "Dissertation on digital ecosystems of Kazakhstan's industry"
    ),
    dataset!(
        "readiness_scores",
        "Answers of two enterprises to the readiness questionnaire",
        "scores on each item's scale",
        "Dissertation on digital ecosystems of Kazakhstan's industry, tables 29-31"
    ),
    dataset!(
        "regions_2023",
        "Digital maturity indicators of Kazakhstan's regions, 2023",
        "see its codebook",
        "Bureau of National Statistics of Kazakhstan",
        "regions_2023_codebook"
    ),
    dataset!(
        "regions_2023_codebook",
        "Names, labels and units of the regional indicators",
        "text",
        "Dissertation on digital ecosystems of Kazakhstan's industry"
    ),
    dataset!(
        "russia_adoption_2022",
        "Adoption of digital technology by sector, Russia 2022",
        "% of organisations",
        "Higher School of Economics, Moscow"
    ),
    dataset!(
        "technology_markets",
        "Sizes of technology markets, actual and forecast",
        "see column `unit`",
        "Dissertation on digital ecosystems of Kazakhstan's industry"
    ),
];

/// The source's printed results beside what its own data give, as JSON.
pub const PUBLISHED_RESULTS: &str = include_str!("../../data/published_results.json");

impl Dataset {
    /// The dataset named `name`.
    pub fn find(name: &str) -> Result<&'static Self> {
        DATASETS.iter().find(|dataset| dataset.name == name).ok_or_else(|| {
            TableError::NoDataset {
                name: name.to_owned(),
                known: DATASETS.iter().map(|d| d.name.to_owned()).collect(),
            }
            .into()
        })
    }

    /// Its rows, labelled by the first text column, with the codebook's labels and units.
    pub fn table(&self) -> Result<Table> {
        let table = read_str(self.text, self.name, &ReadOptions::default())?;
        let Some(codebook) = self.codebook else { return Ok(table) };
        let codebook = read_str(codebook, self.name, &ReadOptions::default())?;
        Ok(table.codebook(&codebook)?.0)
    }
}

/// Name, title, rows, columns, units and source of every bundled dataset.
pub fn datasets() -> Result<Table> {
    let tables = DATASETS.iter().map(Dataset::table).collect::<Result<Vec<_>>>()?;
    let text = |get: fn(&Dataset) -> &'static str| Vector::from_texts(DATASETS.iter().map(get));
    let table = Table::new([
        ("name", text(|d| d.name)),
        ("title", text(|d| d.title)),
        ("rows", Vector::from_ints(tables.iter().map(|t| t.nrow() as i64))),
        ("columns", Vector::from_ints(tables.iter().map(|t| t.ncol() as i64))),
        ("units", text(|d| d.units)),
        ("source", text(|d| d.source)),
    ])?;
    table.labelled_by("name")
}
