//! The fourteen covariance families: how many numbers they take and how they are estimated.

use nalgebra::allocator::Allocator;
use nalgebra::{DMatrix, DVector, DefaultAllocator, Dim, Dyn, OMatrix, SymmetricEigen};

use crate::choice::Choice;

/// A family of covariance matrices `volume x D A D'` (Banfield and Raftery, 1993; Celeux and Govaert,
/// 1995). The letters say of volume, shape and orientation in turn whether the components have it
/// equal (E) or varying (V); I is the identity: spheres, or axes along the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The letters say what each is.
pub enum Family {
    Eii,
    Vii,
    Eei,
    Vei,
    Evi,
    Vvi,
    Eee,
    Vee,
    Eve,
    Vve,
    Eev,
    Vev,
    Evv,
    Vvv,
}

impl Choice for Family {
    const ALL: &'static [(&'static str, Self)] = &[
        ("EII", Self::Eii),
        ("VII", Self::Vii),
        ("EEI", Self::Eei),
        ("VEI", Self::Vei),
        ("EVI", Self::Evi),
        ("VVI", Self::Vvi),
        ("EEE", Self::Eee),
        ("VEE", Self::Vee),
        ("EVE", Self::Eve),
        ("VVE", Self::Vve),
        ("EEV", Self::Eev),
        ("VEV", Self::Vev),
        ("EVV", Self::Evv),
        ("VVV", Self::Vvv),
    ];
}

/// Rounds of the estimates that have no closed form.
const ROUNDS: usize = 200;
/// Rounds over all pairs of common axes in one estimate: the next round of the mixture goes on from
/// where they stand, and any rise of the likelihood is enough for it.
const TURNS: usize = 4;
/// Relative change at which they rest.
const REST: f64 = 1e-12;

impl Family {
    /// All fourteen.
    pub fn all() -> Vec<Self> {
        Self::ALL.iter().map(|(_, family)| *family).collect()
    }

    /// Whether volume, shape and orientation are equal (E), vary (V) or are the identity's (I).
    fn letters(self) -> [u8; 3] {
        let name = self.name().as_bytes();
        [name[0], name[1], name[2]]
    }

    /// What the name says, in words.
    pub fn describe(self) -> String {
        let word = |letter: u8| if letter == b'E' { "equal" } else { "varying" };
        match self.letters() {
            [volume, b'I', _] => format!("spheres of {} volume", word(volume)),
            [volume, shape, b'I'] => format!(
                "ellipsoids along the columns, {} volume, {} shape",
                word(volume),
                word(shape)
            ),
            [volume, shape, orientation] => format!(
                "ellipsoids of {} volume, {} shape, {} orientation",
                word(volume),
                word(shape),
                word(orientation)
            ),
        }
    }

    /// Free parameters of a mixture of `k` components in `p` columns: weights, means, covariances.
    pub fn parameters(self, k: usize, p: usize) -> usize {
        let times = |letter: u8, numbers: usize| match letter {
            b'E' => numbers,
            b'V' => k * numbers,
            _ => 0,
        };
        let [volume, shape, orientation] = self.letters();
        (k - 1)
            + k * p
            + times(volume, 1)
            + times(shape, p - 1)
            + times(orientation, p * (p - 1) / 2)
    }

    /// The family that this one is when there is one component, or one column.
    #[must_use]
    pub fn reduced(self, k: usize, p: usize) -> Self {
        let [volume, shape, orientation] = self.letters();
        if p == 1 {
            return if volume == b'V' && k > 1 { Self::Vii } else { Self::Eii };
        }
        match (k, shape, orientation) {
            (1, b'I', _) => Self::Eii,
            (1, _, b'I') => Self::Eei,
            (1, ..) => Self::Eee,
            _ => self,
        }
    }

    /// The covariances that maximise the likelihood given `scatter`, the weighted sums of squares
    /// and products about each component's mean (`k` of `p` by `p`), and `counts`, the components'
    /// weights in units. `axes` is the common orientation of the last round, where there is one.
    /// `None` where the estimate is singular.
    pub(super) fn covariances(
        self,
        scatter: &[DMatrix<f64>],
        counts: &[f64],
        axes: &mut DMatrix<f64>,
    ) -> Option<Vec<DMatrix<f64>>> {
        let p = scatter[0].nrows();
        let total: f64 = counts.iter().sum();
        let pooled = || scatter.iter().fold(DMatrix::zeros(p, p), |sum, w| sum + w);
        let diagonals = || -> Vec<DVector<f64>> { scatter.iter().map(DMatrix::diagonal).collect() };
        Some(match self {
            Self::Eii => {
                let volume = pooled().trace() / (total * p as f64);
                vec![DMatrix::identity(p, p) * volume; counts.len()]
            }
            Self::Vii => scatter
                .iter()
                .zip(counts)
                .map(|(w, n)| DMatrix::identity(p, p) * (w.trace() / (n * p as f64)))
                .collect(),
            Self::Eei => {
                vec![DMatrix::from_diagonal(&(pooled().diagonal() / total)); counts.len()]
            }
            Self::Vei => spread(&varying_volume(&diagonals(), counts)?, DMatrix::from_diagonal),
            Self::Evi => spread(&equal_volume(&diagonals(), total)?, DMatrix::from_diagonal),
            Self::Vvi => spread(&each(&diagonals(), counts), DMatrix::from_diagonal),
            Self::Eee => vec![pooled() / total; counts.len()],
            Self::Vee => varying_volume_full(scatter, counts)?,
            Self::Eve => along(axes, scatter, |d| equal_volume(d, total))?,
            Self::Vve => along(axes, scatter, |d| Some(each(d, counts)))?,
            Self::Eev | Self::Vev => {
                let turned: Vec<(DVector<f64>, DMatrix<f64>)> =
                    scatter.iter().map(principal).collect();
                let lengths: Vec<DVector<f64>> = turned.iter().map(|(l, _)| l.clone()).collect();
                let shapes = if self == Self::Vev {
                    varying_volume(&lengths, counts)?
                } else {
                    let sum: DVector<f64> =
                        lengths.iter().fold(DVector::zeros(p), |sum, l| sum + l);
                    vec![sum / total; counts.len()]
                };
                shapes
                    .iter()
                    .zip(&turned)
                    .map(|(shape, (_, d))| d * DMatrix::from_diagonal(shape) * d.transpose())
                    .collect()
            }
            Self::Evv => {
                let roots: Vec<f64> = scatter
                    .iter()
                    .map(|w| Some(root(log_determinant(w)?, p)))
                    .collect::<Option<_>>()?;
                let volume = roots.iter().sum::<f64>() / total;
                scatter.iter().zip(&roots).map(|(w, r)| w * (volume / r)).collect()
            }
            Self::Vvv => scatter.iter().zip(counts).map(|(w, n)| w / *n).collect(),
        })
    }
}

fn spread(
    shapes: &[DVector<f64>],
    matrix: impl Fn(&DVector<f64>) -> DMatrix<f64>,
) -> Vec<DMatrix<f64>> {
    shapes.iter().map(matrix).collect()
}

/// The `p`-th root of a determinant given as its logarithm.
fn root(log_determinant: f64, p: usize) -> f64 {
    (log_determinant / p as f64).exp()
}

fn log_determinant(matrix: &DMatrix<f64>) -> Option<f64> {
    let factor = matrix.clone().cholesky()?;
    Some(2.0 * factor.l_dirty().diagonal().iter().map(|l| l.ln()).sum::<f64>())
}

/// The geometric mean of positive numbers.
fn geometric(values: &DVector<f64>) -> Option<f64> {
    let all = values.iter().all(|v| *v > 0.0);
    all.then(|| root(values.iter().map(|v| v.ln()).sum(), values.len()))
}

/// Every component its own: sums of squares over counts.
fn each(sums: &[DVector<f64>], counts: &[f64]) -> Vec<DVector<f64>> {
    sums.iter().zip(counts).map(|(d, n)| d / *n).collect()
}

/// Own shapes of one volume (Celeux and Govaert, 1995, section 2.4).
fn equal_volume(sums: &[DVector<f64>], total: f64) -> Option<Vec<DVector<f64>>> {
    let roots: Vec<f64> = sums.iter().map(geometric).collect::<Option<_>>()?;
    let volume = roots.iter().sum::<f64>() / total;
    Some(sums.iter().zip(&roots).map(|(d, r)| d * (volume / r)).collect())
}

/// One shape of own volumes, along the columns.
fn varying_volume(sums: &[DVector<f64>], counts: &[f64]) -> Option<Vec<DVector<f64>>> {
    in_turn(sums, counts, DVector::repeat(sums[0].len(), 1.0), |shape| {
        let unit = &shape / geometric(&shape)?;
        let inverse = unit.map(f64::recip);
        Some((unit, inverse))
    })
}

/// One shape and orientation of own volumes.
fn varying_volume_full(scatter: &[DMatrix<f64>], counts: &[f64]) -> Option<Vec<DMatrix<f64>>> {
    let p = scatter[0].nrows();
    in_turn(scatter, counts, DMatrix::identity(p, p), |shape| {
        let unit = &shape / root(log_determinant(&shape)?, p);
        let inverse = unit.clone().cholesky()?.inverse();
        Some((unit, inverse))
    })
}

/// Volumes and their common shape in turn until both rest (Celeux and Govaert, 1995), for matrices or
/// their diagonals alone. `unit` scales a shape to determinant 1 and inverts it; the trace of a part
/// times that inverse gives the part's volume.
fn in_turn<C: Dim>(
    parts: &[OMatrix<f64, Dyn, C>],
    counts: &[f64],
    identity: OMatrix<f64, Dyn, C>,
    unit: impl Fn(OMatrix<f64, Dyn, C>) -> Option<(OMatrix<f64, Dyn, C>, OMatrix<f64, Dyn, C>)>,
) -> Option<Vec<OMatrix<f64, Dyn, C>>>
where
    DefaultAllocator: Allocator<Dyn, C>,
{
    let p = identity.nrows() as f64;
    let volumes_under = |inverse: &OMatrix<f64, Dyn, C>| -> Vec<f64> {
        let trace = |part: &OMatrix<f64, Dyn, C>| -> f64 {
            part.iter().zip(inverse.iter()).map(|(a, b)| a * b).sum()
        };
        parts.iter().zip(counts).map(|(part, n)| trace(part) / (n * p)).collect()
    };
    let mut volumes = volumes_under(&identity);
    let mut shape = identity;
    for _ in 0..ROUNDS {
        if !volumes.iter().all(|v| *v > 0.0) {
            return None;
        }
        shape.fill(0.0);
        for (part, volume) in parts.iter().zip(&volumes) {
            shape.zip_apply(part, |sum, x| *sum += x / volume);
        }
        let (scaled, inverse) = unit(shape)?;
        shape = scaled;
        let next = volumes_under(&inverse);
        let still = rested(&volumes, &next);
        volumes = next;
        if still {
            break;
        }
    }
    Some(volumes.iter().map(|v| &shape * *v).collect())
}

fn rested(before: &[f64], after: &[f64]) -> bool {
    before.iter().zip(after).all(|(b, a)| (b - a).abs() <= REST * b.abs())
}

/// Eigenvalues, falling and no less than 0, and their vectors.
fn principal(matrix: &DMatrix<f64>) -> (DVector<f64>, DMatrix<f64>) {
    let p = matrix.nrows();
    let (values, vectors) = crate::cluster::pca::falling(matrix.clone(), p);
    (DVector::from_vec(values), vectors)
}

/// Own lengths along common axes: the axes by exact rotations in one plane after the other, the
/// lengths by `lengths` from the sums of squares along them, in turn.
fn along(
    axes: &mut DMatrix<f64>,
    scatter: &[DMatrix<f64>],
    lengths: impl Fn(&[DVector<f64>]) -> Option<Vec<DVector<f64>>>,
) -> Option<Vec<DMatrix<f64>>> {
    let p = axes.nrows();
    let mut turned: Vec<DMatrix<f64>> =
        scatter.iter().map(|w| axes.transpose() * w * &*axes).collect();
    let sums = |turned: &[DMatrix<f64>]| -> Vec<DVector<f64>> {
        turned.iter().map(DMatrix::diagonal).collect()
    };
    let real = |found: Vec<DVector<f64>>| {
        let all = found.iter().flat_map(|d| d.iter()).all(|l| l.is_finite() && *l > 0.0);
        all.then_some(found)
    };
    let mut found = real(lengths(&sums(&turned))?)?;
    for _ in 0..TURNS {
        let mut largest: f64 = 0.0;
        for a in 0..p {
            for b in a + 1..p {
                largest = largest.max(turn(&mut turned, axes, &found, a, b).abs());
            }
        }
        found = real(lengths(&sums(&turned))?)?;
        if largest < 1e-9 {
            break;
        }
    }
    // Rotations add up rounding: the axes are made orthogonal again.
    *axes = axes.clone().qr().q();
    Some(found.iter().map(|d| &*axes * DMatrix::from_diagonal(d) * axes.transpose()).collect())
}

/// Turns axes `a` and `b` in their plane to where the likelihood is largest; the angle.
fn turn(
    turned: &mut [DMatrix<f64>],
    axes: &mut DMatrix<f64>,
    lengths: &[DVector<f64>],
    a: usize,
    b: usize,
) -> f64 {
    // The sum of squares over lengths is constant + (P cos 2t) / 2 + Q sin 2t.
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (w, d) in turned.iter().zip(lengths) {
        let weight = 1.0 / d[a] - 1.0 / d[b];
        cosine += (w[(a, a)] - w[(b, b)]) * weight / 2.0;
        sine += w[(a, b)] * weight;
    }
    if cosine.hypot(sine) == 0.0 {
        return 0.0;
    }
    let angle = (-sine).atan2(-cosine) / 2.0;
    let (s, c) = angle.sin_cos();
    let rotate = |matrix: &mut DMatrix<f64>| {
        for row in 0..matrix.nrows() {
            let (x, y) = (matrix[(row, a)], matrix[(row, b)]);
            matrix[(row, a)] = c * x + s * y;
            matrix[(row, b)] = c * y - s * x;
        }
    };
    rotate(axes);
    for w in turned.iter_mut() {
        rotate(w);
        for column in 0..w.ncols() {
            let (x, y) = (w[(a, column)], w[(b, column)]);
            w[(a, column)] = c * x + s * y;
            w[(b, column)] = c * y - s * x;
        }
    }
    angle
}

/// Axes along which the pooled scatter is uncorrelated: where common axes start.
pub(super) fn pooled_axes(scatter: &[DMatrix<f64>]) -> DMatrix<f64> {
    let p = scatter[0].nrows();
    let pooled = scatter.iter().fold(DMatrix::zeros(p, p), |sum, w| sum + w);
    SymmetricEigen::new(pooled).eigenvectors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scatters() -> (Vec<DMatrix<f64>>, Vec<f64>) {
        let make = |seed: f64, n: f64| {
            let base = DMatrix::from_fn(3, 6, |r, c| {
                ((r as f64 + 1.3) * seed + (c as f64 + 0.7) * (seed + 1.9)).sin() * (r as f64 + 1.0)
            });
            // Sines of a sum have rank 2 only.
            (&base * base.transpose() + DMatrix::identity(3, 3) * seed) * n
        };
        (vec![make(0.7, 10.0), make(1.9, 30.0), make(3.1, 7.0)], vec![40.0, 75.0, 35.0])
    }

    /// Minus twice the part of the expected loglik that covariances decide.
    fn cost(covariances: &[DMatrix<f64>], scatter: &[DMatrix<f64>], counts: &[f64]) -> f64 {
        covariances
            .iter()
            .zip(scatter)
            .zip(counts)
            .map(|((s, w), n)| {
                let factor = s.clone().cholesky().expect("positive definite");
                n * log_determinant(s).expect("positive definite") + (factor.inverse() * w).trace()
            })
            .sum()
    }

    #[test]
    fn parameters_count_as_published() {
        // Table 1 of Celeux and Govaert for k = 3, p = 4: weights 2, means 12.
        let counts: Vec<usize> = Family::all().iter().map(|f| f.parameters(3, 4) - 14).collect();
        assert_eq!(counts, [1, 3, 4, 6, 10, 12, 10, 12, 16, 18, 22, 24, 28, 30]);
    }

    #[test]
    fn every_estimate_is_stationary_and_wider_families_fit_no_worse() {
        let (scatter, counts) = scatters();
        let mut costs = std::collections::HashMap::new();
        for family in Family::all() {
            let mut axes = pooled_axes(&scatter);
            let mut found = family.covariances(&scatter, &counts, &mut axes).unwrap();
            for _ in 0..20 {
                found = family.covariances(&scatter, &counts, &mut axes).unwrap();
            }
            let here = cost(&found, &scatter, &counts);
            costs.insert(family, here);
            // A common factor is a move inside every family.
            for factor in [0.999, 1.001] {
                let moved: Vec<DMatrix<f64>> = found.iter().map(|s| s * factor).collect();
                assert!(cost(&moved, &scatter, &counts) > here, "{family:?}");
            }
        }
        let wider = [
            (Family::Eii, Family::Vii),
            (Family::Eei, Family::Vei),
            (Family::Eei, Family::Evi),
            (Family::Vei, Family::Vvi),
            (Family::Evi, Family::Eve),
            (Family::Eee, Family::Vee),
            (Family::Eee, Family::Eev),
            (Family::Eee, Family::Eve),
            (Family::Eve, Family::Vve),
            (Family::Vee, Family::Vve),
            (Family::Eev, Family::Vev),
            (Family::Eev, Family::Evv),
            (Family::Vve, Family::Vvv),
            (Family::Evv, Family::Vvv),
        ];
        for (narrow, wide) in wider {
            assert!(costs[&wide] <= costs[&narrow] + 1e-9, "{narrow:?} {wide:?}");
        }
    }

    #[test]
    fn common_axes_are_found_where_they_exist() {
        let angle = 0.6_f64;
        let d =
            DMatrix::from_row_slice(2, 2, &[angle.cos(), -angle.sin(), angle.sin(), angle.cos()]);
        let along = |a: f64, b: f64| {
            &d * DMatrix::from_diagonal(&DVector::from_vec(vec![a, b])) * d.transpose()
        };
        let (scatter, counts) = (vec![along(8.0, 2.0), along(3.0, 30.0)], vec![4.0, 6.0]);
        let mut axes = DMatrix::identity(2, 2);
        let found = Family::Vve.covariances(&scatter, &counts, &mut axes).unwrap();
        assert!((&found[0] - &scatter[0] / 4.0).amax() < 1e-9);
        assert!((&found[1] - &scatter[1] / 6.0).amax() < 1e-9);
    }
}
