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
    #[error("sfa: {option} does not go with {with}")]
    Incompatible { option: String, with: String, instead: String },
    #[error("sfa: weight in row {row} is {value}")]
    BadWeight { row: String, value: f64 },
    #[error("{primitive}: `{column}` of {row} is {value}, and must be positive")]
    NotPositive { primitive: &'static str, column: String, row: String, value: f64 },
    #[error("{primitive}: {why}")]
    Unsolved { primitive: &'static str, why: String },
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
            Self::Incompatible { instead, .. } => Some(instead.clone()),
            Self::BadWeight { .. } => Some("weights are positive numbers".into()),
            Self::NotPositive { row, .. } => Some(format!(
                "leave the unit out, t.where(|r| r.label != \"{row}\"), or shift the column"
            )),
            Self::Unsolved { .. } => Some("check the columns for values far out of scale".into()),
            Self::ConstantResponse { .. } => None,
        }
    }
}
