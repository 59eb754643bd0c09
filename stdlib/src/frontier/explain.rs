//! A model written out: LaTeX with its estimates, and what can and cannot be concluded.

use std::fmt::Write as _;

use super::density::Inefficiency;
use super::fit::{Boundary, SfaFit};
use super::noise::Noise;
use super::params::Orientation;
use crate::formula::{Expr, Node, Op};

/// A model in LaTeX and in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Display mathematics, estimates above their standard errors, without the dollar signs.
    pub latex: String,
    /// Sentences, each a claim that the fit supports.
    pub sentences: Vec<String>,
}

/// A name as upright text.
fn upright(name: &str) -> String {
    let mut out = String::from("\\mathrm{");
    for c in name.chars() {
        match c {
            '_' | '%' | '&' | '#' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '\\' => out.push_str("\\backslash "),
            '~' => out.push_str("\\sim "),
            '^' => out.push_str("\\hat{}"),
            ' ' => out.push_str("\\ "),
            _ => out.push(c),
        }
    }
    out.push('}');
    out
}

fn mathematics(expr: &Expr) -> String {
    match &expr.node {
        Node::Number(x) => x.to_string(),
        Node::Text(text) => upright(text),
        Node::Name(name) => upright(name),
        Node::Dot => ".".into(),
        Node::Neg(inner) => format!("-{}", mathematics(inner)),
        Node::Binary(op, l, r) => {
            let (left, right) = (mathematics(l), mathematics(r));
            let sum =
                |e: &Expr| matches!(&e.node, Node::Binary(Op::Add | Op::Sub, ..) | Node::Neg(_));
            let in_product = |e: &Expr, text: &str| {
                if sum(e) { format!("\\left({text}\\right)") } else { text.to_owned() }
            };
            match op {
                Op::Add => format!("{left} + {right}"),
                Op::Sub => format!("{left} - {}", in_product(r, &right)),
                Op::Mul | Op::Interact => {
                    format!("{} \\cdot {}", in_product(l, &left), in_product(r, &right))
                }
                Op::Div => format!("\\frac{{{left}}}{{{right}}}"),
                Op::Pow => match &l.node {
                    Node::Name(_) | Node::Number(_) => format!("{left}^{{{right}}}"),
                    _ => format!("\\left({left}\\right)^{{{right}}}"),
                },
            }
        }
        Node::Call(name, arguments) => {
            let inner: Vec<String> = arguments.iter().map(|(_, e)| mathematics(e)).collect();
            let inner = inner.join(", ");
            match name.as_str() {
                "I" => inner,
                "log" => format!("\\ln {}", around(&inner)),
                "exp" => format!("\\exp{}", around(&inner)),
                "sqrt" => format!("\\sqrt{{{inner}}}"),
                "abs" => format!("\\left|{inner}\\right|"),
                other => format!("{}{}", upright(other), around(&inner)),
            }
        }
    }
}

/// Where a law with a power at zero has most of its units.
fn pile(shape: f64) -> &'static str {
    if shape < 1.0 {
        "Below 1 its density is infinite at zero: the best units pile up at the frontier."
    } else {
        "Above 1 few units are at the frontier."
    }
}

fn around(inner: &str) -> String {
    format!("\\left({inner}\\right)")
}

/// A column of the design in mathematics, read back from its name where that is a formula.
fn term(name: &str) -> String {
    match crate::formula::Formula::parse(&format!("~ {name}")) {
        Ok(formula) => mathematics(&formula.terms),
        Err(_) => upright(name),
    }
}

fn digits(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 || (1e-3..1e5).contains(&size) {
        let places = if size >= 100.0 { 1 } else { 4 };
        return format!("{x:.places$}");
    }
    let text = format!("{x:.3e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{mantissa} \\cdot 10^{{{exponent}}}"),
        None => text,
    }
}

fn sum(list: &[super::fit::Estimate]) -> String {
    let mut out = String::new();
    for (k, c) in list.iter().enumerate() {
        let sign = match (k, c.value < 0.0) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        let se = c.se.map_or_else(|| "-".into(), digits);
        let _ = write!(out, "{sign}\\underset{{({se})}}{{{}}}", digits(c.value.abs()));
        if c.name != "(Intercept)" {
            let _ = write!(out, "\\,{}", term(&c.name));
        }
    }
    out
}

impl SfaFit {
    /// The model in LaTeX with its estimates, and what follows from them.
    pub fn explain(&self) -> Explanation {
        Explanation { latex: self.latex(), sentences: self.conclusions() }
    }

    fn latex(&self) -> String {
        let response = self.formula.response.as_ref().map_or_else(|| "y".into(), mathematics);
        let sign = match self.params.frontier {
            Orientation::Production => "-",
            Orientation::Cost => "+",
        };
        let sigma = |name: &str, value: &Option<super::fit::Estimate>| match value {
            Some(value) => format!("{}^2", digits(value.value)),
            None => format!("\\sigma_{{{name}i}}^2"),
        };
        let number = |name: &str, value: &Option<super::fit::Estimate>| {
            value.as_ref().map_or_else(|| name.to_owned(), |value| digits(value.value))
        };
        let (u, v) = (sigma("u", &self.sigma_u), sigma("v", &self.sigma_v));
        let scale = u.trim_end_matches("^2").to_owned();
        let law = match self.params.inefficiency {
            Inefficiency::HalfNormal => format!("\\left|\\mathcal{{N}}(0,\\ {u})\\right|"),
            Inefficiency::Exponential => format!("\\mathrm{{Exponential}}({scale})"),
            Inefficiency::TruncatedNormal => format!("\\mathcal{{N}}^{{+}}(\\mu_i,\\ {u})"),
            Inefficiency::Rayleigh => format!("\\mathrm{{Rayleigh}}({scale})"),
            Inefficiency::Uniform => format!("\\mathcal{{U}}(0,\\ \\sqrt{{12}} \\cdot {scale})"),
            Inefficiency::GeneralisedExponential => {
                format!("\\mathrm{{GeneralisedExponential}}({scale})")
            }
            Inefficiency::TruncatedSkewedLaplace => {
                format!(
                    "\\mathrm{{TruncatedSkewedLaplace}}({scale},\\ {})",
                    number("k", &self.shape)
                )
            }
            Inefficiency::Gamma => {
                format!("\\mathrm{{Gamma}}({},\\ {scale})", number("P", &self.shape))
            }
            Inefficiency::Weibull => {
                format!("\\mathrm{{Weibull}}({},\\ {scale})", number("k", &self.shape))
            }
            Inefficiency::Lognormal => format!(
                "\\mathrm{{Lognormal}}(\\ln {scale},\\ {}^2)",
                number("\\omega", &self.shape)
            ),
        };
        let noise = match self.params.noise {
            Noise::Normal => format!("\\mathcal{{N}}(0,\\ {v})"),
            Noise::StudentT => {
                let scale = v.trim_end_matches("^2");
                format!("{scale} \\cdot t_{{{}}}", number("\\nu", &self.df))
            }
            Noise::Laplace => format!("\\mathrm{{Laplace}}(0,\\ \\mathrm{{variance}}\\ {v})"),
            Noise::Logistic => format!("\\mathrm{{Logistic}}(0,\\ \\mathrm{{variance}}\\ {v})"),
        };
        let mut lines = vec![format!("{response} &= {} + v_i {sign} u_i", sum(&self.coef))];
        lines.push(match self.boundary {
            Boundary::GammaOne => "v_i &= 0".into(),
            _ => format!("v_i &\\sim {noise}"),
        });
        lines.push(match self.boundary {
            Boundary::GammaZero => "u_i &= 0".into(),
            _ => format!("u_i &\\sim {law}"),
        });
        for equation in &self.equations {
            let told = equation.name.starts_with("ln ") && equation.name != "ln scaling";
            let plain = equation.coef.len() == 1 && told;
            if plain {
                continue;
            }
            let left = match equation.name.as_str() {
                "ln sigma_u^2" => "\\ln \\sigma_{ui}^2",
                "ln sigma_v^2" => "\\ln \\sigma_{vi}^2",
                "mean" => "\\mu_i",
                "ln scaling" => "\\ln h_i",
                other => other,
            };
            lines.push(format!("{left} &= {}", sum(&equation.coef)));
        }
        format!("\\begin{{aligned}}\n{}\n\\end{{aligned}}", lines.join(" \\\\\n"))
    }

    /// What the shape of inefficiency and the tails of noise mean, where they are estimated.
    fn shape_says(&self) -> Vec<String> {
        let mut list = Vec::new();
        let drifting = self.search.drift.is_some();
        if let Some(shape) = self.shape.as_ref().filter(|_| !drifting) {
            let value = shape.value;
            let far =
                |from: f64| shape.se.map(|se| (value.ln() - from.ln()).abs() > 1.96 * se / value);
            let apart = |from: f64| match far(from) {
                Some(true) => "differs",
                Some(false) => "cannot be told",
                None => "has no standard error to be told",
            };
            match self.params.inefficiency {
                Inefficiency::Gamma => list.push(format!(
                    "The shape of the gamma law is {value:.3}; at 1 it is the exponential, from \
                     which it {} at 5 %. {}",
                    apart(1.0),
                    pile(value)
                )),
                Inefficiency::Weibull => list.push(format!(
                    "The shape of the Weibull law is {value:.3}; at 1 it is the exponential and at \
                     2 the Rayleigh law: it {} from the first and {} from the second at 5 %. {}",
                    apart(1.0),
                    apart(2.0),
                    pile(value)
                )),
                Inefficiency::Lognormal => list.push(format!(
                    "Half of the units have inefficiency below sigma_u; its logarithm has standard \
                     deviation {value:.3}, and no unit is close to the frontier with any weight."
                )),
                _ => {}
            }
        }
        if let Some(df) = self.df.as_ref().filter(|_| !drifting) {
            list.push(format!(
                "Noise has {:.2} degrees of freedom: {}. Rows far off count as noise rather than \
                 as inefficiency.",
                df.value,
                if df.value > 30.0 { "next to normal" } else { "heavier tails than normal" }
            ));
        }
        list
    }

    fn conclusions(&self) -> Vec<String> {
        let mut list = vec![self.description()];
        let test = self.lr_test();
        let p = match test.p_value {
            p if p < 0.001 => "p < 0.001".to_owned(),
            p => format!("p = {p:.3}"),
        };
        let verdict = format!(
            "likelihood ratio {:.3}, {p} by the mixture of chi-square laws",
            test.statistic
        );
        match self.boundary {
            Boundary::None if self.search.drift.is_some() => {}
            Boundary::None if test.p_value > 0.05 => list.push(format!(
                "These data do not show inefficiency ({verdict}): a model without it explains them \
                 nearly as well, so ranks of efficiency may be noise."
            )),
            Boundary::None => list.push(format!("There is inefficiency ({verdict}).")),
            Boundary::GammaZero => list.push(
                "Nothing can be said of efficiency here: the best model has none, and every row \
                 counts as efficient."
                    .into(),
            ),
            Boundary::GammaOne => list.push(
                "All departures from the frontier count as inefficiency, none as noise: one \
                 mismeasured row on the frontier moves everything. No standard error, z or p \
                 exists, and any that a program prints for this model describes the place where \
                 its search stopped."
                    .into(),
            ),
        }
        list.extend(self.shape_says());
        if self.boundary != Boundary::GammaOne {
            let (mut clear, mut unclear) = (Vec::new(), Vec::new());
            for c in self.coef.iter().filter(|c| c.name != "(Intercept)") {
                match c.se {
                    Some(se) if c.value.abs() > 1.959_964 * se => clear.push(c.name.as_str()),
                    Some(_) => unclear.push(c.name.as_str()),
                    None => {}
                }
            }
            if !clear.is_empty() {
                list.push(format!("Different from zero at 5 %: {}.", clear.join(", ")));
            }
            if !unclear.is_empty() {
                list.push(format!("Not to be told from zero at 5 %: {}.", unclear.join(", ")));
            }
        }
        list.extend(self.warnings.iter().map(|warning| {
            let mut text = warning.clone();
            if let Some(first) = text.get_mut(0..1) {
                first.make_ascii_uppercase();
            }
            text
        }));
        list
    }
}
