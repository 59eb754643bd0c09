//! A frontier as a function of the original variables, with gradient and Hessian.

use nalgebra::{DMatrix, DVector};

use crate::formula::{Expr, Formula, Node, Op, Plan, expand};

/// Value, gradient and Hessian in the variables.
#[derive(Debug, Clone)]
pub(super) struct Jet {
    pub value: f64,
    gradient: DVector<f64>,
    hessian: DMatrix<f64>,
}

impl Jet {
    fn constant(value: f64, n: usize) -> Self {
        Self { value, gradient: DVector::zeros(n), hessian: DMatrix::zeros(n, n) }
    }

    fn variable(value: f64, at: usize, n: usize) -> Self {
        let mut jet = Self::constant(value, n);
        jet.gradient[at] = 1.0;
        jet
    }

    fn map(self, f: f64, d: f64, dd: f64) -> Self {
        let outer = &self.gradient * self.gradient.transpose();
        Self { value: f, hessian: self.hessian * d + outer * dd, gradient: self.gradient * d }
    }

    fn plus(self, other: &Self, factor: f64) -> Self {
        Self {
            value: self.value + factor * other.value,
            gradient: self.gradient + &other.gradient * factor,
            hessian: self.hessian + &other.hessian * factor,
        }
    }

    fn times(&self, other: &Self) -> Self {
        let outer = &self.gradient * other.gradient.transpose();
        Self {
            value: self.value * other.value,
            gradient: &self.gradient * other.value + &other.gradient * self.value,
            hessian: &self.hessian * other.value
                + &other.hessian * self.value
                + &outer
                + outer.transpose(),
        }
    }

    fn is_constant(&self) -> bool {
        self.gradient.iter().all(|g| *g == 0.0)
    }

    fn power(self, exponent: &Self) -> Self {
        let (a, b) = (self.value, exponent.value);
        if exponent.is_constant() {
            let d = if b == 0.0 { 0.0 } else { b * a.powf(b - 1.0) };
            let dd = if b == 0.0 || b == 1.0 { 0.0 } else { b * (b - 1.0) * a.powf(b - 2.0) };
            return self.map(a.powf(b), d, dd);
        }
        let e = exponent.times(&self.map(a.ln(), 1.0 / a, -1.0 / (a * a)));
        let f = e.value.exp();
        e.map(f, f, f)
    }

    /// Whether the upper level sets in the `chosen` variables are convex here: the Hessian is
    /// negative semidefinite along the level surface. An increasing transformation, such as the
    /// exponential of a logged response, changes nothing of that; nor do units.
    pub fn quasi_concave(&self, at: &[f64], chosen: &[usize]) -> bool {
        let k = chosen.len();
        let size = |j: usize| at[j].abs().max(f64::MIN_POSITIVE);
        let g = DVector::from_fn(k, |j, _| self.gradient[chosen[j]] * size(chosen[j]));
        let h = DMatrix::from_fn(k, k, |i, j| {
            self.hessian[(chosen[i], chosen[j])] * size(chosen[i]) * size(chosen[j])
        });
        let norm = g.norm_squared();
        if norm == 0.0 {
            return h.symmetric_eigenvalues().max() <= 0.0;
        }
        let project = DMatrix::identity(k, k) - &g * g.transpose() / norm;
        let along = &project * &h * &project;
        let scale = h.amax();
        along.symmetric_eigenvalues().max() <= 1e-10 * scale
    }
}

/// The right side of a formula as such a function.
pub(super) struct Surface {
    /// Each column's factors, in the order of the coefficients.
    columns: Vec<Vec<Expr>>,
    variables: Vec<String>,
}

impl Surface {
    /// `None` where a term makes several columns (factors, orthogonal polynomials).
    pub fn new(formula: &Formula, plan: &Plan, variables: &[String]) -> Option<Self> {
        let terms = expand(formula, &[]).ok()?;
        let mut columns = Vec::new();
        if terms.intercept {
            columns.push(Vec::new());
        }
        columns.extend(terms.list.into_iter().map(|term| term.factors));
        (columns.len() == plan.names.len()).then(|| Self { columns, variables: variables.to_vec() })
    }

    /// The frontier at `at`, values of the variables in order.
    pub fn at(&self, coef: &[f64], at: &[f64]) -> Option<Jet> {
        let n = self.variables.len();
        let mut sum = Jet::constant(0.0, n);
        for (factors, b) in self.columns.iter().zip(coef) {
            let mut product = Jet::constant(1.0, n);
            for factor in factors {
                product = product.times(&self.eval(factor, at)?);
            }
            sum = sum.plus(&product, *b);
        }
        sum.value.is_finite().then_some(sum)
    }

    fn eval(&self, expr: &Expr, at: &[f64]) -> Option<Jet> {
        let n = self.variables.len();
        Some(match &expr.node {
            Node::Number(x) => Jet::constant(*x, n),
            Node::Name(name) => {
                let position = self.variables.iter().position(|v| v == name)?;
                Jet::variable(at[position], position, n)
            }
            Node::Neg(inner) => Jet::constant(0.0, n).plus(&self.eval(inner, at)?, -1.0),
            Node::Binary(op, left, right) => {
                let (l, r) = (self.eval(left, at)?, self.eval(right, at)?);
                match op {
                    Op::Add => l.plus(&r, 1.0),
                    Op::Sub => l.plus(&r, -1.0),
                    Op::Mul | Op::Interact => l.times(&r),
                    Op::Div => {
                        let x = r.value;
                        l.times(&r.map(1.0 / x, -1.0 / (x * x), 2.0 / (x * x * x)))
                    }
                    Op::Pow => l.power(&r),
                }
            }
            Node::Call(name, arguments) => {
                let [(None, inner)] = arguments.as_slice() else { return None };
                let inner = self.eval(inner, at)?;
                let x = inner.value;
                let log =
                    |scale: f64, x: f64, f: f64| (f, 1.0 / (scale * x), -1.0 / (scale * x * x));
                let (f, d, dd) = match name.as_str() {
                    "log" => log(1.0, x, x.ln()),
                    "log2" => log(std::f64::consts::LN_2, x, x.log2()),
                    "log10" => log(std::f64::consts::LN_10, x, x.log10()),
                    "log1p" => log(1.0, 1.0 + x, x.ln_1p()),
                    "exp" => (x.exp(), x.exp(), x.exp()),
                    "sqrt" => (x.sqrt(), 0.5 / x.sqrt(), -0.25 / (x * x.sqrt())),
                    "abs" => (x.abs(), x.signum(), 0.0),
                    "I" => return Some(inner),
                    _ => return None,
                };
                inner.map(f, d, dd)
            }
            Node::Text(_) | Node::Dot => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::FrameParams;
    use crate::table::{Table, Vector};

    #[test]
    fn derivatives_agree_with_differences() {
        let formula =
            Formula::parse("y ~ log(a) * sqrt(b) + I(a^2 / b) + exp(0.1 * a) + I(b^a) + a:b - 1")
                .unwrap();
        let column =
            |k: f64| Vector::from_floats((1..=9).map(|i| 1.0 + (f64::from(i) * k).fract()));
        let table =
            Table::new([("y", column(0.3)), ("a", column(0.7)), ("b", column(0.9))]).unwrap();
        let frame = crate::formula::frame(&table, &[&formula], &FrameParams::default()).unwrap();
        let plan = &frame.designs[0].plan;
        let names: Vec<String> = vec!["a".into(), "b".into()];
        let surface = Surface::new(&formula, plan, &names).unwrap();
        let coef: Vec<f64> = (0..plan.names.len()).map(|j| 0.4 - 0.3 * j as f64).collect();
        let at = [1.4, 1.7];
        let jet = surface.at(&coef, &at).unwrap();
        let step = |k: usize, h: f64| {
            let mut moved = at;
            moved[k] += h;
            surface.at(&coef, &moved).unwrap()
        };
        let h = 1e-5;
        for k in 0..2 {
            let (low, high) = (step(k, -h), step(k, h));
            assert!(((high.value - low.value) / (2.0 * h) - jet.gradient[k]).abs() < 1e-8);
            let bend = (high.gradient - low.gradient) / (2.0 * h);
            for l in 0..2 {
                assert!((bend[l] - jet.hessian[(k, l)]).abs() < 1e-8, "{k} {l}");
            }
        }
    }

    #[test]
    fn level_sets_of_known_functions() {
        // exp of it is a^0.5 b^0.5, quasi-concave; a^2 + b^2 is quasi-convex.
        let make = |value: f64, g: [f64; 2], h: [f64; 4]| Jet {
            value,
            gradient: DVector::from_row_slice(&g),
            hessian: DMatrix::from_row_slice(2, 2, &h),
        };
        let (a, b) = (2.0, 3.0);
        let cobb_douglas =
            make(0.0, [0.5 / a, 0.5 / b], [-0.5 / (a * a), 0.0, 0.0, -0.5 / (b * b)]);
        assert!(cobb_douglas.quasi_concave(&[a, b], &[0, 1]));
        let circle = make(13.0, [2.0 * a, 2.0 * b], [2.0, 0.0, 0.0, 2.0]);
        assert!(!circle.quasi_concave(&[a, b], &[0, 1]));
        // A plane is both.
        assert!(make(5.0, [1.0, 1.0], [0.0; 4]).quasi_concave(&[a, b], &[0, 1]));
    }
}
