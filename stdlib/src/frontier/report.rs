//! What a fit says of itself in words.

use std::fmt::Write as _;

use super::engine::Stop;
use super::fit::{ARRIVED, Boundary, SfaFit};
use super::noise::Noise;
use crate::formula::quoted;

/// The doubts a reader must know of, most serious first.
pub(super) fn warnings(fit: &SfaFit) -> Vec<String> {
    let mut list = Vec::new();
    match fit.boundary {
        Boundary::GammaOne => {
            let on: Vec<String> = fit
                .deterministic
                .iter()
                .flat_map(|end| &end.on_frontier)
                .take(8)
                .map(|row| fit.row_names()[*row].clone())
                .collect();
            list.push(format!(
                "the likelihood rises strictly towards gamma = 1 and has no maximum inside: the \
                 estimate is the deterministic frontier, its loglik {:.6} a supremum that is \
                 approached and not attained. It rests on {} ({}); standard errors do not exist \
                 there, and a search that reports some has stopped short.",
                fit.loglik,
                if on.len() == 1 { "one row" } else { "a few rows" },
                on.join(", ")
            ));
        }
        Boundary::GammaZero => list.push(format!(
            "no inefficiency: the likelihood is highest at gamma = 0, where the model is {} \
             (skewness of the residuals of least squares {:+.3}, inefficiency would make it \
             negative). sigma_u and gamma have no standard error there.",
            match fit.params.noise {
                Noise::Normal => "ordinary least squares",
                Noise::Laplace => "least absolute deviations",
                Noise::StudentT | Noise::Logistic => "a regression with the same noise",
            },
            fit.ols.skewness
        )),
        Boundary::None => {
            let others: Vec<String> = fit
                .search
                .maxima
                .iter()
                .skip(1)
                .map(|m| {
                    let place = if m.lambda.is_infinite() {
                        "gamma = 1".to_owned()
                    } else {
                        let square = m.lambda * m.lambda;
                        format!("gamma = {:.3}", square / (1.0 + square))
                    };
                    format!("{place} (loglik {:.4})", m.loglik)
                })
                .collect();
            if !others.is_empty() {
                list.push(format!(
                    "the likelihood has a second, lower maximum at {}; a search from there would \
                     stop at it.",
                    others.join(" and ")
                ));
            }
            let test = fit.lr_test();
            if test.p_value > 0.05 {
                list.push(format!(
                    "inefficiency is not significant: the likelihood ratio against {} is {:.3}, below the 5 % value {:.3} (p = {:.3}).",
                    null_name(fit),
                    test.statistic,
                    test.critical_5,
                    test.p_value
                ));
            }
        }
    }
    let shortfall = fit.search.shortfall.filter(|short| *short > ARRIVED);
    if let Some(drift) = &fit.search.drift {
        list.insert(0, format!("{drift}. Standard errors do not exist there."));
    } else if let Some(shortfall) = shortfall {
        let why = match fit.search.stop {
            Some(Stop::Iterations) => "its iterations ran out",
            _ => "no step improved the likelihood any more",
        };
        list.insert(
            0,
            format!(
                "the search ended before a maximum ({why}): by its curvature the loglikelihood \
                 could still rise by about {shortfall:.1e}. No standard errors; the estimates are \
                 where the search stood. A law with fewer parameters may be what the data bear."
            ),
        );
    } else if fit.search.concave == Some(false) {
        list.push(
            "the Hessian at the estimate is not negative definite: no standard errors.".into(),
        );
    }
    if fit.boundary == Boundary::GammaZero && fit.df.as_ref().is_some_and(|df| df.value > 400.0) {
        list.push("the degrees of freedom of noise run to infinity: it is normal.".into());
    }
    list.extend(fit.search.caveat.clone());
    if fit.nobs() < 5 * fit.nparams {
        list.push(format!(
            "{} rows for {} parameters: estimates this thin move with every row.",
            fit.nobs(),
            fit.nparams
        ));
    }
    list
}

/// The model without inefficiency.
pub(super) fn null_name(fit: &SfaFit) -> &'static str {
    match fit.params.noise {
        Noise::Normal => "least squares",
        _ => "noise alone",
    }
}

impl SfaFit {
    /// Model, orientation, end of the search and rows left out, in sentences.
    pub fn description(&self) -> String {
        let orientation = match self.params.frontier {
            super::params::Orientation::Production => "production",
            super::params::Orientation::Cost => "cost",
        };
        let response = self.formula.response.as_ref();
        let logged = response.is_some_and(|r| r.to_string().starts_with("log("));
        let named = response.map_or(String::new(), ToString::to_string);
        let end = match self.boundary {
            Boundary::None => match self.search.gradient {
                Some(gradient) => {
                    let which = if self.search.global {
                        "Global maximum inside".to_owned()
                    } else {
                        format!(
                            "Best of {} starts ({} reached it)",
                            self.search.starts, self.search.reached
                        )
                    };
                    let steps = self.search.iterations;
                    format!("{which}, gradient {gradient:.0e} per row, {steps} Newton steps.")
                }
                None => String::new(),
            },
            Boundary::GammaZero => {
                format!("The maximum lies at the boundary gamma = 0 ({}).", null_name(self))
            }
            Boundary::GammaOne => {
                "The supremum lies at the boundary gamma = 1 (deterministic frontier).".into()
            }
        };
        let noise = match self.params.noise {
            Noise::Normal => String::new(),
            other => {
                format!(", noise {}", crate::choice::Choice::name(other).replace('_', "-"))
            }
        };
        let mut text = format!(
            "Stochastic {orientation} frontier of {}{}, inefficiency {}{noise}, {} rows. {end}",
            if logged || named.contains('(') { named } else { quoted(&named) },
            if logged { "" } else { " (not logged)" },
            crate::choice::Choice::name(self.params.inefficiency).replace('_', "-"),
            self.nobs(),
        );
        let plural = |n: usize| if n == 1 { "row" } else { "rows" };
        if self.missing > 0 {
            let _ = write!(
                text,
                " {} {} with missing values left out.",
                self.missing,
                plural(self.missing)
            );
        }
        if self.outside > 0 {
            let _ = write!(
                text,
                " {} {} left out because a logarithm is not defined there.",
                self.outside,
                plural(self.outside)
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;
    use crate::frontier::{SfaParams, sfa};
    use crate::table::datasets::Dataset;

    #[test]
    fn a_search_that_stopped_short_says_so_first() {
        let regions = Dataset::find("regions_2023").unwrap().table().unwrap();
        let formula = "log(gdp_per_capita) ~ log(ict_investments)";
        let mut fit = sfa(formula, &regions, &SfaParams::default(), &Context::default()).unwrap();
        assert!(!warnings(&fit).iter().any(|text| text.contains("before a maximum")));
        fit.search.shortfall = Some(0.25);
        fit.search.stop = Some(Stop::Iterations);
        let told = &warnings(&fit)[0];
        assert!(told.contains("its iterations ran out") && told.contains("2.5e-1"), "{told}");
    }
}
