//! What can go wrong with a frontier.

use thiserror::Error;

/// A failure of a frontier model.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are named by the message they appear in.
pub enum FrontierError {
    #[error("sfa: {rows} complete rows for {parameters} parameters")]
    TooFewRows { rows: usize, parameters: usize, dropped: usize },
    #[error("sfa: `{column}` is constant ({value}) in {equation}")]
    ConstantColumn { column: String, value: f64, equation: String },
    #[error("sfa: `{column}` is a linear combination of {others} in {equation}")]
    Collinear { column: String, others: String, equation: String },
    #[error("sfa: the response `{response}` is constant ({value})")]
    ConstantResponse { response: String, value: f64 },
    #[error("sfa: the regressors explain `{response}` exactly, so the likelihood has no maximum")]
    PerfectFit { response: String },
    #[error("sfa: `{equation}` has a response, `{found}`")]
    ResponseInEquation { equation: String, found: String },
    #[error("sfa: the likelihood of this model has no finite maximum: {why}")]
    Degenerate { why: String },
    #[error("sfa: the density of inefficiency is none at {theta}: {why}")]
    NotADensity { theta: String, why: String },
    #[error("sfa: {option} does not go with {with}")]
    Incompatible { option: String, with: String, instead: String },
    #[error("sfa: weight in row {row} is {value}")]
    BadWeight { row: String, value: f64 },
    #[error("{primitive}: `{column}` of {row} is {value}, and must be positive")]
    NotPositive { primitive: &'static str, column: String, row: String, value: f64 },
    #[error("{primitive}: {why}")]
    Unsolved { primitive: &'static str, why: String },
    #[error("sfa: the cluster column `{column}` is missing in row {row}")]
    NoCluster { column: String, row: String },
    #[error("sfa: the cluster column `{column}` has {groups} group")]
    FewClusters { column: String, groups: usize },
    #[error("{what}: this model has no covariance of its estimates")]
    NoCovariance { what: String },
    #[error("{what}: the models differ in response or rows: {first} against {second}")]
    DifferentData { what: String, first: String, second: String },
    #[error("vuong: the models give every row the same likelihood (spread {spread:e})")]
    SameModel { spread: f64 },
    #[error("marginal_effects: nothing here moves inefficiency")]
    NoDeterminants,
    #[error("elasticities: the frontier has no numeric column")]
    NoInputs,
}

impl FrontierError {
    /// How to mend it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TooFewRows { dropped, .. } if *dropped > 0 => Some(format!(
                "{dropped} rows were left out for missing values: leave out the columns that lack \
                 them, or use fewer regressors"
            )),
            Self::TooFewRows { .. } => Some("use fewer regressors".into()),
            Self::ConstantColumn { column, .. } | Self::Collinear { column, .. } => {
                Some(format!("leave it out: m.update(\". ~ . - {column}\")"))
            }
            Self::PerfectFit { .. } => {
                Some("is the response computed from the regressors? leave that one out".into())
            }
            Self::ResponseInEquation { .. } => Some("write it as \"~ z1 + z2\"".into()),
            Self::Degenerate { .. } => {
                Some("try inefficiency: \"half_normal\", whose maximum always exists".into())
            }
            Self::NotADensity { .. } => Some(
                "a density over u >= 0: |u, theta| exp(-u / theta.scale) / theta.scale, with \
                 theta: #{ scale: 0.5 }"
                    .into(),
            ),
            Self::Incompatible { instead, .. } => Some(instead.clone()),
            Self::BadWeight { .. } => Some("weights are positive numbers".into()),
            Self::NotPositive { row, .. } => Some(format!(
                "leave the unit out, t.where(|r| r.label != \"{row}\"), or shift the column"
            )),
            Self::Unsolved { .. } => Some("check the columns for values far out of scale".into()),
            Self::NoCluster { .. } => Some("fill the column, or leave those rows out".into()),
            Self::FewClusters { .. } => {
                Some("clustered errors need two groups at the very least, and mean little below \
                      twenty".into())
            }
            Self::NoCovariance { .. } => {
                Some("standard errors do not exist at gamma = 1, nor where the likelihood has no \
                      finite maximum; see m.warnings".into())
            }
            Self::DifferentData { .. } => {
                Some("fit both to the same complete rows and the same response".into())
            }
            Self::SameModel { .. } => Some("compare models that differ".into()),
            Self::NoDeterminants => Some(
                "give determinants, #{ sigma_u: \"~ z\" }, mean or scaling; at gamma_zero there is \
                 no inefficiency to move"
                    .into(),
            ),
            Self::NoInputs | Self::ConstantResponse { .. } => None,
        }
    }
}
