//! A model written out: LaTeX with its estimates, and what can and cannot be concluded.

use std::fmt::Write as _;

use super::density::Inefficiency;
use super::fit::{Boundary, SfaFit};
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
                format!("\\mathrm{{TruncatedSkewedLaplace}}({scale},\\ k)")
            }
        };
        let mut lines = vec![format!("{response} &= {} + v_i {sign} u_i", sum(&self.coef))];
        lines.push(match self.boundary {
            Boundary::GammaOne => "v_i &= 0".into(),
            _ => format!("v_i &\\sim \\mathcal{{N}}(0,\\ {v})"),
        });
        lines.push(match self.boundary {
            Boundary::GammaZero => "u_i &= 0".into(),
            _ => format!("u_i &\\sim {law}"),
        });
        for equation in &self.equations {
            let plain = equation.coef.len() == 1 && equation.name.starts_with("ln sigma");
            if plain {
                continue;
            }
            let left = match equation.name.as_str() {
                "ln sigma_u^2" => "\\ln \\sigma_{ui}^2",
                "ln sigma_v^2" => "\\ln \\sigma_{vi}^2",
                "mean" => "\\mu_i",
                "ln scaling" => "\\ln h_i",
                _ => "\\ln k",
            };
            lines.push(format!("{left} &= {}", sum(&equation.coef)));
        }
        format!("\\begin{{aligned}}\n{}\n\\end{{aligned}}", lines.join(" \\\\\n"))
    }

    fn conclusions(&self) -> Vec<String> {
        let mut list = vec![self.description()];
        let test = self.lr_test();
        let verdict = format!(
            "likelihood ratio {:.3}, p = {:.3} by the mixture of chi-square laws",
            test.statistic, test.p_value
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
