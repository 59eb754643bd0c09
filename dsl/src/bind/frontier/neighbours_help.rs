//! Help on what stands beside a stochastic frontier.

use crate::help::{Entry, Example, Field, Param, TypeEntry};

pub(super) const REGRESSION: TypeEntry = TypeEntry {
    name: "Regression",
    summary: "A fitted least-squares regression; shows itself as its summary.",
    fields: &[
        Field::new("coef", "vector", "coefficients, labelled"),
        Field::new("se", "vector", "their standard errors"),
        Field::new("vcov", "Table", "their covariance"),
        Field::new("parameters", "Table", "term, estimate, se, t, p, lower, upper (95 %)"),
        Field::new("r_squared", "float", "share of the variance explained"),
        Field::new("r_squared_adjusted", "float", "the same, adjusted for the coefficients"),
        Field::new("sigma", "float", "residual standard error"),
        Field::new("loglik", "float", "normal loglikelihood"),
        Field::new("aic", "float", "Akaike's criterion"),
        Field::new("bic", "float", "Schwarz's criterion"),
        Field::new("nobs", "int", "rows used"),
        Field::new("df", "int", "degrees of freedom of the t tests"),
        Field::new("residuals", "vector", "y - x'b by row"),
        Field::new("fitted", "vector", "x'b by row"),
        Field::new("formula", "text", "the formula, its dots filled in"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

pub(super) const CORRECTED: TypeEntry = TypeEntry {
    name: "CorrectedFrontier",
    summary: "A frontier parallel to least squares (COLS, MOLS).",
    fields: &[
        Field::new("coef", "vector", "coefficients of the frontier, its constant moved"),
        Field::new("shift", "float", "what the constant was moved by"),
        Field::new("sigma_u", "float", "scale of inefficiency by moments; MOLS only"),
        Field::new("sigma_v", "float", "standard deviation of noise by moments; MOLS only"),
        Field::new("regression", "Regression", "the regression lifted"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

pub(super) const DEA: TypeEntry = TypeEntry {
    name: "Envelopment",
    summary: "Scores of data envelopment analysis.",
    fields: &[
        Field::new(
            "table",
            "Table",
            "unit, te; te_crs, scale_efficiency, returns (variable returns); te_corrected, bias, lower, upper (bootstrap); rank",
        ),
        Field::new("te", "vector", "Farrell efficiency by unit, 0 to 1"),
        Field::new("peers", "Table", "unit, peer, intensity"),
        Field::new("slacks", "Table", "output short and input in excess after the radial move"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

pub(super) const ORDER_M: TypeEntry = TypeEntry {
    name: "OrderM",
    summary: "Order-m efficiencies.",
    fields: &[
        Field::new("table", "Table", "unit, te, fdh, peers, rank"),
        Field::new("te", "vector", "order-m efficiency by unit; above 1 beyond the frontier"),
        Field::new("warnings", "array of text", "what a reader must know"),
    ],
};

const FORMULA: Param = Param::arg("formula", "text", "\"log(y) ~ log(x1) + log(x2)\", as for sfa");
const TABLE: Param = Param::arg("table", "Table", "the data; incomplete rows are dropped");
const OUTPUTS: Param = Param::arg("outputs", "text or array of text", "columns, all positive");
const INPUTS: Param = Param::arg("inputs", "text or array of text", "columns, all positive");
const DIRECTION: Param = Param::option(
    "direction",
    "text",
    "\"output\"",
    "\"output\" (grow at given inputs) or \"input\" (shrink at given outputs)",
);
const SE: Param = Param::option(
    "se",
    "text",
    "\"classical\"",
    "\"classical\", \"hc0\", \"hc1\", \"hc2\", \"hc3\" or \"cluster\"",
);
const CLUSTER: Param =
    Param::option("cluster", "text", "none", "column that tells clusters; implies se \"cluster\"");
const SHIFT: Param =
    Param::option("zero_shift", "float", "none", "added under every log that meets a zero");
const SIDE: Param =
    Param::option("frontier", "text", "\"production\"", "\"production\" or \"cost\"");

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "ols",
        on: None,
        room: "frontiers",
        summary: "Least squares with classical, robust or clustered standard errors.",
        signature: "ols(formula, table, options)",
        params: &[FORMULA, TABLE, SE, CLUSTER, SHIFT],
        returns: "Regression",
        search: &["lm", "regress", "linear regression", "robust", "heteroskedasticity"],
        errors: &["those of sfa's formula", "as many coefficients as rows"],
        see_also: &["diagnostics", "influence", "cols", "sfa"],
        source: "White (1980); MacKinnon and White (1985); Liang and Zeger (1986)",
        examples: &[Example {
            code: "ols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"), #{ se: \"hc3\" })",
            shows: "HC3",
        }],
    },
    Entry {
        name: "diagnostics",
        on: Some("Regression"),
        room: "frontiers",
        summary: "Tests what least squares assumes: constant variance, normal residuals, form, collinearity.",
        signature: "m.diagnostics()",
        params: &[Param::arg("m", "Regression", "the regression")],
        returns: "Table: test, statistic, df, p, reading",
        search: &["breusch pagan", "white test", "jarque bera", "reset", "condition number"],
        errors: &[],
        see_also: &["ols", "influence"],
        source: "Koenker (1981); White (1980); Jarque and Bera (1987); Ramsey (1969); Belsley, Kuh and Welsch (1980)",
        examples: &[Example {
            code: "ols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).diagnostics()",
            shows: "breusch_pagan",
        }],
    },
    Entry {
        name: "influence",
        on: Some("Regression"),
        room: "frontiers",
        summary: "What each row does to the fit: leverage, studentised residual, Cook's distance, DFFITS.",
        signature: "m.influence()",
        params: &[Param::arg("m", "Regression", "the regression")],
        returns: "Table: label, fitted, residual, leverage, student, cook, dffits",
        search: &["cook", "leverage", "outlier", "dffits"],
        errors: &[],
        see_also: &["diagnostics"],
        source: "Belsley, Kuh and Welsch (1980); Cook (1977)",
        examples: &[Example {
            code: "ols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).influence().sort(\"cook\", #{ descending: true }).head(3)",
            shows: "leverage",
        }],
    },
    Entry {
        name: "predict",
        on: Some("Regression"),
        room: "frontiers",
        summary: "Fitted values for the rows of a table.",
        signature: "m.predict(table)",
        params: &[Param::arg("m", "Regression", "the regression"), TABLE],
        returns: "vector, missing where a value is",
        search: &["forecast", "fitted"],
        errors: &["a column of the formula that the table lacks"],
        see_also: &["ols"],
        source: "",
        examples: &[Example {
            code: "let t = load(\"regions_2023\");\nols(\"log(gdp_per_capita) ~ log(ict_investments)\", t).predict(t).len()",
            shows: "20",
        }],
    },
    Entry {
        name: "cols",
        on: None,
        room: "frontiers",
        summary: "Corrected least squares: the regression lifted until no row lies beyond it.",
        signature: "cols(formula, table, options)",
        params: &[FORMULA, TABLE, SIDE, SHIFT],
        returns: "CorrectedFrontier",
        search: &["COLS", "deterministic frontier", "corrected ordinary least squares"],
        errors: &["those of ols"],
        see_also: &["mols", "sfa", "compare"],
        source: "Winsten (1957); Greene (1980)",
        examples: &[Example {
            code: "cols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).efficiency().te.max()",
            shows: "1",
        }],
    },
    Entry {
        name: "mols",
        on: None,
        room: "frontiers",
        summary: "Modified least squares: inefficiency told from the moments of the residuals.",
        signature: "mols(formula, table, options)",
        params: &[
            FORMULA,
            TABLE,
            Param::option(
                "inefficiency",
                "text",
                "\"half_normal\"",
                "\"half_normal\" or \"exponential\"",
            ),
            SIDE,
            SHIFT,
        ],
        returns: "CorrectedFrontier",
        search: &["MOLS", "method of moments", "modified ordinary least squares"],
        errors: &["those of ols"],
        see_also: &["cols", "sfa", "compare"],
        source: "Richmond (1974); Greene (2008)",
        examples: &[Example {
            code: "mols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\"))",
            shows: "MOLS",
        }],
    },
    Entry {
        name: "least_squares",
        on: Some("Frontier"),
        room: "frontiers",
        summary: "The regression on the same formula and rows: the frontier without inefficiency.",
        signature: "m.least_squares()",
        params: &[Param::arg("m", "Frontier", "the model")],
        returns: "Regression",
        search: &["ols", "start values"],
        errors: &[],
        see_also: &["ols", "lr_test"],
        source: "",
        examples: &[Example {
            code: "sfa(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).least_squares().nobs",
            shows: "20",
        }],
    },
    Entry {
        name: "efficiency",
        on: Some("CorrectedFrontier"),
        room: "frontiers",
        summary: "Efficiency by unit.",
        signature: "m.efficiency()",
        params: &[Param::arg("m", "CorrectedFrontier", "the frontier")],
        returns: "Table: label, te, rank",
        search: &["technical efficiency"],
        errors: &[],
        see_also: &["cols", "mols"],
        source: "",
        examples: &[Example {
            code: "cols(\"log(gdp_per_capita) ~ log(ict_investments)\", load(\"regions_2023\")).efficiency().sort(\"rank\").head(3)",
            shows: "te",
        }],
    },
    Entry {
        name: "dea",
        on: None,
        room: "frontiers",
        summary: "Data envelopment analysis: efficiency against the best combinations of peers, no functional form.",
        signature: "dea(table, outputs, inputs, options)",
        params: &[
            TABLE,
            OUTPUTS,
            INPUTS,
            Param::option(
                "returns",
                "text",
                "\"vrs\"",
                "\"crs\", \"vrs\", \"nirs\" (non-increasing) or \"ndrs\" (non-decreasing)",
            ),
            DIRECTION,
            Param::option("draws", "int", "0", "replications of the bootstrap; 0 for none"),
            Param::option("seed", "int", "1", "seed of the bootstrap"),
            Param::option("level", "float", "0.95", "probability between the bounds"),
        ],
        returns: "Envelopment",
        search: &["DEA", "data envelopment", "Farrell", "nonparametric frontier", "Benchmarking"],
        errors: &[
            "a value that is not positive: column and unit are named",
            "a bootstrap of fewer than three inefficient units",
        ],
        see_also: &["order_m", "sfa", "compare"],
        source: "Charnes, Cooper and Rhodes (1978); Banker, Charnes and Cooper (1984); Simar and Wilson (1998)",
        examples: &[
            Example {
                code: "dea(load(\"regions_2023\"), \"gdp_per_capita\", [\"ict_investments\", \"fixed_capital_industry\"])",
                shows: "variable returns",
            },
            Example {
                code: "dea(load(\"regions_2023\"), \"gdp_per_capita\", \"ict_investments\", #{ returns: \"crs\", draws: 20 }).table.columns.contains(\"te_corrected\")",
                shows: "true",
            },
        ],
    },
    Entry {
        name: "order_m",
        on: None,
        room: "frontiers",
        summary: "Efficiency against the expected best of m peers; extremes do not draw the frontier.",
        signature: "order_m(table, outputs, inputs, options)",
        params: &[
            TABLE,
            OUTPUTS,
            INPUTS,
            Param::option("m", "int", "25", "peers drawn; more come nearer to the hull of all"),
            DIRECTION,
        ],
        returns: "OrderM",
        search: &["partial frontier", "robust frontier", "FDH", "free disposal hull"],
        errors: &["a value that is not positive", "m below 1"],
        see_also: &["dea", "compare"],
        source: "Cazals, Florens and Simar (2002), the expectation in closed form",
        examples: &[Example {
            code: "order_m(load(\"regions_2023\"), \"gdp_per_capita\", \"ict_investments\", #{ m: 10 })",
            shows: "order-10",
        }],
    },
];
