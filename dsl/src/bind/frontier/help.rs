//! Help on frontiers.

use crate::help::{Entry, Example, Field, Param, TypeEntry};

pub(super) const MODEL: TypeEntry = TypeEntry {
    name: "Frontier",
    summary: "A fitted stochastic frontier; shows itself as its summary.",
    fields: &[
        Field::new("coef", "vector", "frontier coefficients, labelled \"(Intercept)\", \"log(x)\""),
        Field::new("se", "vector", "their standard errors; missing where none exists"),
        Field::new("vcov", "Table", "covariance of the estimates; missing where none exists"),
        Field::new(
            "parameters",
            "Table",
            "every parameter: equation, term, estimate, se, z, p, lower, upper (95 %)",
        ),
        Field::new("loglik", "float", "maximised loglikelihood; at gamma_one its supremum"),
        Field::new("aic", "float", "Akaike's criterion, 2 k - 2 loglik"),
        Field::new("bic", "float", "Schwarz's criterion, k ln n - 2 loglik"),
        Field::new("hqic", "float", "Hannan and Quinn's criterion"),
        Field::new("sigma_sq", "float", "sigma_u^2 + sigma_v^2; missing where rows differ"),
        Field::new("gamma", "float", "share of sigma_u^2 in sigma_sq, 0 to 1"),
        Field::new("lambda", "float", "sigma_u / sigma_v; inf at gamma_one"),
        Field::new("sigma_u", "float", "scale of inefficiency"),
        Field::new("sigma_v", "float", "standard deviation of noise; of Student's t its scale"),
        Field::new("shape", "float", "shape of the inefficiency's law; missing where it has none"),
        Field::new("df", "float", "degrees of freedom of Student's t noise; missing for others"),
        Field::new("nobs", "int", "rows used"),
        Field::new("iterations", "int", "Newton steps of the whole search"),
        Field::new(
            "boundary",
            "text",
            "\"none\", \"gamma_zero\" (least squares) or \"gamma_one\" (no noise)",
        ),
        Field::new("warnings", "array of text", "what a reader must know"),
        Field::new("formula", "text", "the formula, its dots filled in"),
        Field::new(
            "certificate",
            "FrontierCertificate",
            "proof that the half-normal maximum is global; computed when asked for",
        ),
        Field::new("residuals", "vector", "y - x'b by row"),
        Field::new(
            "profile",
            "Table",
            "lambda, gamma, loglik: the profile from end to end (half-normal)",
        ),
    ],
};

pub(super) const LR_TEST: TypeEntry = TypeEntry {
    name: "LrTest",
    summary: "The likelihood-ratio test of a frontier against least squares.",
    fields: &[
        Field::new("statistic", "float", "2 (loglik - loglik of least squares), at least 0"),
        Field::new("p_value", "float", "its tail in the mixed chi-square law"),
        Field::new("critical_5", "float", "what it exceeds with probability 0.05 by chance"),
        Field::new("df", "int", "parameters that least squares lacks"),
    ],
};

pub(super) const COMPARISON: TypeEntry = TypeEntry {
    name: "FrontierComparison",
    summary: "Fitted frontiers side by side.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "one row a model: method, rows, loglik, AIC, BIC, gamma, mean efficiency; missing where a method has none",
        ),
        Field::new("efficiencies", "Table", "efficiency by unit, one column a model"),
        Field::new("rank_correlations", "Table", "Spearman correlations of the efficiencies"),
        Field::new("warnings", "array of text", "why the models may not compare"),
    ],
};

const M: Param = Param::arg("m", "Frontier", "the model");

/// The parameters `first`, then `rest`.
pub(super) const fn joined<const A: usize, const B: usize, const N: usize>(
    first: [Param; A],
    rest: [Param; B],
) -> [Param; N] {
    assert!(A + B == N, "as many as both together");
    let mut all = [if A > 0 { first[0] } else { rest[0] }; N];
    let mut k = 0;
    while k < N {
        all[k] = if k < A { first[k] } else { rest[k - A] };
        k += 1;
    }
    all
}

const SFA: [Param; 19] = joined(
    [
        Param::arg(
            "formula",
            "text",
            "\"log(y) ~ log(x1) + log(x2)\"; log exp sqrt abs I() poly() factor() + - * : ^ . and - 1",
        ),
        Param::arg("table", "Table", "the data; rows with missing values are dropped and counted"),
        Param::option(
            "theta",
            "map or array",
            "none",
            "with a density of your own, inefficiency: |u, theta| ...: where its parameters begin, \
             #{ scale: 0.5 }; gives a CustomFrontier and takes real, frontier, zero and zero_shift",
        ),
        Param::option(
            "real",
            "text or array of text",
            "none",
            "which of theta may be any number; the others stay positive",
        ),
    ],
    OPTIONS,
);

const UPDATE: [Param; 17] = joined(
    [M, Param::arg("change", "text", "\". ~ . + log(z)\" adds, \". ~ . - log(x)\" leaves out")],
    OPTIONS,
);

const OPTIONS: [Param; 15] = [
    Param::option(
        "inefficiency",
        "text",
        "\"half_normal\"",
        "\"half_normal\", \"exponential\", \"truncated_normal\", \"rayleigh\", \"uniform\", \
         \"generalised_exponential\", \"truncated_skewed_laplace\", \"gamma\", \"weibull\" or \
         \"lognormal\"; the last three and all under other noise are integrated numerically",
    ),
    Param::option(
        "noise",
        "text",
        "\"normal\"",
        "\"normal\", \"student_t\" (sigma_v its scale, m.df estimated), \"laplace\" or \"logistic\"; \
         goes with every inefficiency",
    ),
    Param::option("frontier", "text", "\"production\"", "\"production\" or \"cost\""),
    Param::option(
        "mean",
        "text",
        "none",
        "determinants of the mean before truncation, \"~ z1 + z2\"",
    ),
    Param::option("sigma_u", "text", "none", "determinants of ln sigma_u^2, \"~ z\""),
    Param::option("sigma_v", "text", "none", "determinants of ln sigma_v^2, \"~ z\""),
    Param::option("scaling", "text", "none", "determinants that stretch inefficiency by exp(z'd)"),
    Param::option(
        "weights",
        "text",
        "none",
        "column of positive weights, rescaled to sum to the rows",
    ),
    Param::option(
        "se",
        "text",
        "\"hessian\"",
        "standard errors: \"hessian\", \"opg\", \"sandwich\", \"cluster\" or \"bootstrap\"",
    ),
    Param::option("cluster", "text", "none", "column of groups for se: \"cluster\""),
    Param::option("draws", "int", "1000", "refits of se: \"bootstrap\""),
    Param::option("seed", "int", "1", "seed of se: \"bootstrap\""),
    Param::option(
        "kind",
        "text",
        "\"parametric\"",
        "what se: \"bootstrap\" draws anew: \"parametric\" the response, \"cases\" the rows",
    ),
    Param::option(
        "zero",
        "text",
        "\"error\"",
        "zeros and negatives under log: \"error\" or \"drop\" the rows",
    ),
    Param::option(
        "zero_shift",
        "float",
        "none",
        "added to the argument of every log that meets a zero",
    ),
];

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "sfa",
        on: None,
        room: "frontiers",
        summary: "Fits a stochastic frontier, y = x'b + v - u, both boundaries of gamma included; the half-normal maximum is global.",
        signature: "sfa(formula, table, options)",
        params: &SFA,
        returns: "Frontier",
        search: &[
            "stochastic frontier",
            "frontier",
            "sfacross",
            "sfcross",
            "technical efficiency",
            "half-normal",
            "gamma",
            "weibull",
            "lognormal",
            "robust",
            "own density",
            "custom distribution",
            "vce(bootstrap)",
            "heavy tails",
            "udist",
        ],
        errors: &[
            "a column that is unknown, text, constant or determined by others",
            "a logarithm of zero or less: the rows are named",
            "fewer complete rows than parameters",
            "gamma, weibull, lognormal: every start ended where noise vanishes",
            "a density of one's own that is negative, does not integrate to 1, or whose support moves with theta",
        ],
        see_also: &["update", "efficiency", "compare", "lr_test"],
        source: "Aigner, Lovell and Schmidt (1977); Battese and Coelli (1995) for determinants of the mean; Greene (1990) gamma; Tsionas (2007) Weibull; Horrace and Parmeter (2018) Laplace; Stead, Wheat and Greene (2018) logistic; Wheat, Stead and Greene (2019) Student's t",
        examples: &[
            Example {
                code: "let t = load(\"regions_2023\");\nt.digital_output = t.manuf_output * t.digital_tech_use_share / 100;\nsfa(\"log(digital_output) ~ log(ict_investments) + log(fixed_capital_industry)\", t).nobs",
                shows: "20",
            },
            Example {
                code: "sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"), #{ inefficiency: \"exponential\" })",
                shows: "inefficiency exponential",
            },
            Example {
                code: "let t = simulate_frontier(#{ rows: 150, inefficiency: \"gamma\", shape: 2, seed: 4 });\nlet m = sfa(\"y ~ x1 + x2\", t, #{ inefficiency: \"gamma\" });\nassert(m.shape > 0, \"positive\");\nexplain(m).latex",
                shows: "\\mathrm{Gamma}",
            },
            Example {
                code: "let t = simulate_frontier(#{ rows: 200, seed: 3 });\nlet own = |u, theta| 2 * exp(-0.5 * (u / theta.s) ** 2) / (theta.s * sqrt(2 * PI()));\nlet m = sfa(\"y ~ x1 + x2\", t, #{ inefficiency: own, theta: #{ s: 1 } });\nassert_close(m.loglik, sfa(\"y ~ x1 + x2\", t).loglik, 1e-6);\nm",
                shows: "user's own density",
            },
            Example {
                code: "let t = simulate_frontier(#{ rows: 150, noise: \"laplace\", seed: 4 });\nsfa(\"y ~ x1 + x2\", t, #{ noise: \"laplace\" })",
                shows: "noise laplace",
            },
        ],
    },
    Entry {
        name: "update",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "Refits under a changed formula, whose dots stand for the old sides, and other options.",
        signature: "m.update(change, options)",
        params: &UPDATE,
        returns: "Frontier on the same table; options not named stay as they were",
        search: &["refit", "add regressor"],
        errors: &["those of sfa"],
        see_also: &["sfa", "compare"],
        source: "",
        examples: &[Example {
            code: "let m = sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"));\nm.update(\". ~ . + log(cloud_use_share)\").formula",
            shows: "log(gdp_per_capita) ~ log(ict_investments) + log(cloud_use_share)",
        }],
    },
    Entry {
        name: "summary",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "The model with its estimates, tests and warnings, as it shows itself.",
        signature: "m.summary()",
        params: &[M],
        returns: "Frontier",
        search: &["print", "report"],
        errors: &[],
        see_also: &["sfa", "lr_test"],
        source: "",
        examples: &[Example {
            code: "sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).summary()",
            shows: "LR against least squares",
        }],
    },
    Entry {
        name: "efficiency",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "Efficiency of each row with bounds and rank.",
        signature: "m.efficiency(options)",
        params: &[
            M,
            Param::option(
                "estimator",
                "text",
                "\"battese_coelli\"",
                "\"battese_coelli\" E[exp(-u)|e], \"jlms\" exp(-E[u|e]) or \"mode\"",
            ),
            Param::option("level", "float", "0.95", "probability between the bounds, in (0, 1)"),
        ],
        returns: "Table: label, te, lower, upper, rank (1 is best), in the rows' order",
        search: &["te", "technical efficiency", "jlms", "inefficiency scores"],
        errors: &["a level outside (0, 1)"],
        see_also: &["potential", "sfa"],
        source: "Battese and Coelli (1988); Jondrow, Lovell, Materov and Schmidt (1982); Horrace and Schmidt (1996)",
        examples: &[Example {
            code: "sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).efficiency(#{ level: 0.9 }).columns",
            shows: "\"te\", \"lower\", \"upper\", \"rank\"",
        }],
    },
    Entry {
        name: "lr_test",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "Tests whether there is inefficiency at all, against least squares, by the mixed chi-square.",
        signature: "m.lr_test()",
        params: &[M],
        returns: "LrTest: statistic, p_value, critical_5, df; shows itself as a sentence",
        search: &["likelihood ratio", "mixed chi-square", "Kodde Palm"],
        errors: &[],
        see_also: &["sfa"],
        source: "Coelli (1995); Kodde and Palm (1986)",
        examples: &[Example {
            code: "sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).lr_test().critical_5",
            shows: "2.7055",
        }],
    },
    Entry {
        name: "potential",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "Observed and frontier response of each row in units, and the gap.",
        signature: "m.potential()",
        params: &[M],
        returns: "Table: label, observed, potential, gap, te",
        search: &["frontier output", "gap", "slack"],
        errors: &[],
        see_also: &["efficiency", "predict"],
        source: "",
        examples: &[Example {
            code: "sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).potential().columns",
            shows: "\"observed\", \"potential\", \"gap\"",
        }],
    },
    Entry {
        name: "predict",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "The frontier x'b on the rows of a table, on the scale of the response.",
        signature: "m.predict(table)",
        params: &[M, Param::arg("table", "Table", "rows with the regressors' columns")],
        returns: "vector, missing where a regressor is",
        search: &["fitted", "forecast"],
        errors: &["a column that is unknown or text"],
        see_also: &["potential"],
        source: "",
        examples: &[Example {
            code: "let t = load(\"regions_2023\");\nsfa(\"log(gdp_per_capita) ~ log(ict_investments)\", t).predict(t).len()",
            shows: "20",
        }],
    },
    Entry {
        name: "compare",
        on: None,
        room: "frontiers",
        summary: "Puts fitted frontiers side by side: loglik, AIC, BIC, gamma, mean efficiency, rank correlations.",
        signature: "compare(models)",
        params: &[Param::arg(
            "models",
            "array of Frontier",
            "the models; they are named m1, m2, ...",
        )],
        returns: "FrontierComparison",
        search: &["model selection", "AIC", "BIC"],
        errors: &["something that is no model"],
        see_also: &["sfa", "update"],
        source: "",
        examples: &[Example {
            code: "let m = sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"));\ncompare([m, m.update(\". ~ . + log(cloud_use_share)\")])",
            shows: "mean_te",
        }],
    },
    Entry {
        name: "cobb_douglas",
        on: None,
        room: "frontiers",
        summary: "Writes the formula of a Cobb-Douglas frontier: logs on both sides.",
        signature: "cobb_douglas(response, inputs)",
        params: &[
            Param::arg("response", "text", "column of the response"),
            Param::arg("inputs", "array of text", "columns of the inputs"),
        ],
        returns: "text, a formula for sfa",
        search: &["functional form"],
        errors: &["no input"],
        see_also: &["translog", "sfa"],
        source: "Cobb and Douglas (1928)",
        examples: &[Example {
            code: "cobb_douglas(\"y\", [\"k\", \"l\"])",
            shows: "log(y) ~ log(k) + log(l)",
        }],
    },
    Entry {
        name: "translog",
        on: None,
        room: "frontiers",
        summary: "Writes the formula of a translog frontier: logs, their halved squares and products.",
        signature: "translog(response, inputs)",
        params: &[
            Param::arg("response", "text", "column of the response"),
            Param::arg("inputs", "array of text", "columns of the inputs"),
        ],
        returns: "text, a formula for sfa",
        search: &["functional form", "flexible form", "frontierQuad"],
        errors: &["no input"],
        see_also: &["cobb_douglas", "sfa"],
        source: "Christensen, Jorgenson and Lau (1973)",
        examples: &[Example {
            code: "translog(\"y\", [\"k\", \"l\"])",
            shows: "I(1/2 * log(k)^2)",
        }],
    },
];
