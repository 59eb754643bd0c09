//! What is said about charts.

use crate::help::{Entry, Example, Field, Param, TypeEntry};

pub(super) const CHART: TypeEntry = TypeEntry {
    name: "Chart",
    summary: "A picture as a value: shown as SVG or an interactive chart, as text in a terminal, saved as SVG, PNG or Vega-Lite.",
    fields: &[
        Field::new("alt", "text", "what the chart shows, in words"),
        Field::new("svg", "text", "the chart as SVG"),
        Field::new("vega_lite", "text", "the chart as a Vega-Lite 5 specification (JSON)"),
    ],
};

const ROOM: &str = "charts";
const C: Param = Param::arg("chart", "Chart", "the chart");
const T: Param = Param::arg("text", "text", "what it says");

/// A method that sets one text.
const fn word(
    name: &'static str,
    signature: &'static str,
    summary: &'static str,
    examples: &'static [Example],
) -> Entry {
    Entry {
        name,
        on: Some("Chart"),
        room: ROOM,
        summary,
        signature,
        params: &[C, T],
        returns: "Chart",
        search: &["label", "heading"],
        errors: &[],
        see_also: &["plot"],
        source: "",
        examples,
    }
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "plot",
        on: None,
        room: ROOM,
        summary: "Draws a result, or columns of a table.",
        signature: "plot(what, options)",
        params: &[
            Param::arg(
                "what",
                "Table, Vector, Tree, Clustering, Pca, ChooseK, Readiness, Sensitivity, Stability, OverTime, WhatIf, Scenarios or Model",
                "what to draw: a tree becomes a dendrogram, a model its ranked efficiencies, readiness a block profile, stability the room of each weight, repeated assessments lines over time, a what-if what moved, scenarios one measure by unit, a clustering its silhouettes; plot(c, z) and plot(p, c) show clusters on principal components; a labelled vector becomes a ranking",
            ),
            Param::option(
                "x",
                "text",
                "row labels",
                "table: column along the bottom; components: number of the first",
            ),
            Param::option(
                "y",
                "text",
                "none",
                "table: column up the side; components: number of the second",
            ),
            Param::option(
                "mark",
                "text",
                "by the columns",
                "table: point, line, bar, area, tick, rect (all numeric columns as a map of cells)",
            ),
            Param::option(
                "color",
                "text",
                "none",
                "table: column that colours; text gives categories, numbers a ramp",
            ),
            Param::option("size", "text", "none", "table: column that gives points their area"),
            Param::option(
                "label",
                "text",
                "row labels",
                "table: column written beside points, \"none\" for none",
            ),
            Param::option("x_scale", "text", "\"linear\"", "table: linear or log"),
            Param::option("y_scale", "text", "\"linear\"", "table: linear or log"),
            Param::option(
                "orientation",
                "text",
                "\"auto\"",
                "table: auto lays bars down where names are long or many; vertical, horizontal",
            ),
            Param::option(
                "sort",
                "bool",
                "false",
                "table: categories by their values, largest first",
            ),
            Param::option(
                "language",
                "text",
                "locale()",
                "table, readiness: language of names from a codebook or framework",
            ),
            Param::option("k", "int", "none", "tree: number of clusters to cut into and colour"),
            Param::option(
                "show",
                "text",
                "\"scores\", \"rank\"",
                "components: scores, loadings or scree; stability: what must not change, rank or level",
            ),
            Param::option("unit", "text", "none", "what-if: the unit whose nodes to show"),
            Param::option("measure", "text", "the first", "scenarios: the measure"),
            Param::option("criterion", "text", "\"silhouette\"", "choose_k: which of its criteria"),
            Param::option(
                "estimator",
                "text",
                "\"battese_coelli\"",
                "model: battese_coelli, jlms or mode",
            ),
            Param::option("level", "float", "0.95", "model: probability of the interval"),
            Param::option("title", "text", "composed", "title"),
            Param::option("subtitle", "text", "composed", "line under the title"),
            Param::option("caption", "text", "warnings of the result", "note under the chart"),
            Param::option(
                "x_title",
                "text",
                "from the column",
                "table: title of the horizontal axis",
            ),
            Param::option(
                "y_title",
                "text",
                "from the column",
                "table: title of the vertical axis",
            ),
        ],
        returns: "Chart",
        search: &[
            "chart",
            "graph",
            "figure",
            "picture",
            "scatter",
            "dendrogram",
            "barplot",
            "ggplot",
            "matplotlib",
            "biplot",
            "scree",
            "heatmap",
        ],
        errors: &[
            "no row, or a column without any value",
            "a value not above 0 on a logarithmic axis: the rows are named",
            "more than 8 categories of colour",
        ],
        see_also: &["histogram", "save", "layer"],
        source: "colours: Okabe and Ito 2008",
        examples: &[
            Example {
                code: "plot(load(\"regions_2023\"), #{ x: \"ict_avg_salary\", y: \"digital_literacy_rate\", mark: \"point\" })",
                shows: "Digital literacy",
            },
            Example {
                code: "plot(load(\"regions_2023\"), #{ y: \"gdp_per_capita\", sort: true })",
                shows: "Atyrau",
            },
            Example {
                code: "let r = readiness(load(\"readiness_scores\"), \"digital_readiness\");\nplot(r.what_if(#{ scores: #{ kazakhmys: #{ \"PERS.09\": 60 } } }), #{ unit: \"kazakhmys\" })",
                shows: "What moves: kazakhmys",
            },
            Example {
                code: "plot(readiness(load(\"readiness_scores\"), \"digital_readiness\").stability(), #{ show: \"level\" })",
                shows: "before a level changes",
            },
            Example {
                code: "let adoption = framework(#{ code: \"use\", node: [#{ code: \"index\" }, #{ code: \"digital_tech_use_share\", parent: \"index\", scale: \"percent\" }] });\nplot(over_time(load(\"digital_use_by_region_2020_2024\"), adoption, #{ time: \"year\", unit: \"region\" }))",
                shows: "The index over time",
            },
            Example {
                code: "plot(load(\"regions_2023\").gdp_per_capita)",
                shows: "gdp_per_capita, ranked",
            },
        ],
    },
    Entry {
        name: "histogram",
        on: None,
        room: ROOM,
        summary: "Counts values in classes of equal width.",
        signature: "histogram(v, options)",
        params: &[
            Param::arg("v", "Vector", "numbers; missing ones are counted in a note"),
            Param::option("bins", "int", "by the data", "number of classes, 1 to 500"),
            Param::option("title", "text", "composed", "title"),
            Param::option("x_title", "text", "name of the vector", "title of the axis"),
        ],
        returns: "Chart",
        search: &["distribution", "hist", "frequency", "bins"],
        errors: &["no value at all"],
        see_also: &["plot"],
        source: "Freedman and Diaconis 1981 for the number of classes",
        examples: &[Example {
            code: "histogram(load(\"regions_2023\").ict_avg_salary, #{ bins: 4 })",
            shows: "20 observations in 4 classes",
        }],
    },
    Entry {
        name: "save",
        on: Some("Chart"),
        room: ROOM,
        summary: "Writes the chart to a file; the ending chooses .svg, .png or .json (Vega-Lite).",
        signature: "chart.save(path)",
        params: &[C, Param::arg("path", "text", "where; the file appears whole or not at all")],
        returns: "nothing",
        search: &["export", "write", "ggsave", "savefig", "png", "svg"],
        errors: &["another ending", "a folder that is not there or not writable"],
        see_also: &["plot", "size"],
        source: "",
        examples: &[Example {
            code: "let c = plot(load(\"regions_2023\").gdp_per_capita); try { c.save(\"c.pdf\") } catch (e) { print(e) } c.alt",
            shows: "20 rows",
        }],
    },
    Entry {
        name: "size",
        on: Some("Chart"),
        room: ROOM,
        summary: "The same chart in another size; PNG has two pixels for each.",
        signature: "chart.size(width, height)",
        params: &[
            C,
            Param::arg("width", "number", "100 to 8000 pixels"),
            Param::arg("height", "number", "100 to 8000 pixels"),
        ],
        returns: "Chart",
        search: &["width", "height", "figsize", "dimensions"],
        errors: &["a side outside 100 to 8000"],
        see_also: &["save"],
        source: "",
        examples: &[Example {
            code: "plot(load(\"regions_2023\").gdp_per_capita).size(900, 500).svg.contains(\"width=\\\"900\\\"\")",
            shows: "true",
        }],
    },
    Entry {
        name: "layer",
        on: Some("Chart"),
        room: ROOM,
        summary: "The marks and lines of another chart on top, over the axes of this one.",
        signature: "chart.layer(other)",
        params: &[C, Param::arg("other", "Chart", "its layers are added; its titles are not")],
        returns: "Chart",
        search: &["overlay", "combine", "add"],
        errors: &["text on an axis that carries numbers, or the other way round"],
        see_also: &["plot", "line_at"],
        source: "",
        examples: &[Example {
            code: "let t = load(\"egdi_kazakhstan\"); let x = t.columns[0]; let y = t.numeric().columns[1]; plot(t, #{ x: x, y: y, mark: \"line\" }).layer(plot(t, #{ x: x, y: y, mark: \"point\", label: \"none\" }))",
            shows: "by",
        }],
    },
    Entry {
        name: "line_at",
        on: Some("Chart"),
        room: ROOM,
        summary: "Adds a dashed line across the plot at a value that matters, with its meaning beside it.",
        signature: "chart.line_at(axis, at, caption)",
        params: &[
            C,
            Param::arg("axis", "text", "\"x\" or \"y\": the axis the value belongs to"),
            Param::arg("at", "number", "the value"),
            Param::arg("caption", "text", "what it means"),
        ],
        returns: "Chart",
        search: &["threshold", "reference", "hline", "vline", "abline"],
        errors: &["another axis"],
        see_also: &["layer"],
        source: "",
        examples: &[Example {
            code: "plot(load(\"regions_2023\").gdp_per_capita).line_at(\"x\", 6000, \"target of 6000\")",
            shows: "target of 6000",
        }],
    },
    word(
        "title",
        "chart.title(text)",
        "The same chart under another title.",
        &[Example {
            code: "plot(load(\"regions_2023\").gdp_per_capita).title(\"Product per head\")",
            shows: "Product per head",
        }],
    ),
    word(
        "subtitle",
        "chart.subtitle(text)",
        "The same chart with another line under its title.",
        &[Example {
            code: "plot(load(\"regions_2023\").gdp_per_capita).subtitle(\"2023\")",
            shows: "2023",
        }],
    ),
    word(
        "caption",
        "chart.caption(text)",
        "The same chart with another note under it.",
        &[Example {
            code: "plot(load(\"regions_2023\").gdp_per_capita).caption(\"Source: national statistics\")",
            shows: "Source: national statistics",
        }],
    ),
    word(
        "x_title",
        "chart.x_title(text)",
        "The same chart with another title of the horizontal axis.",
        &[Example {
            code: "plot(load(\"regions_2023\").gdp_per_capita).x_title(\"thousand KZT\")",
            shows: "thousand KZT",
        }],
    ),
    word(
        "y_title",
        "chart.y_title(text)",
        "The same chart with another title of the vertical axis.",
        &[Example {
            code: "histogram(load(\"regions_2023\").gdp_per_capita).y_title(\"regions\").alt",
            shows: "regions",
        }],
    ),
];
