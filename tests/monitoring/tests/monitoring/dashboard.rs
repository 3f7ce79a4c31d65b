//! A dashboard in a few lines, and the JSON that Grafana reads.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

/// The version of Grafana's schema that is written: that of Grafana 10.4, which later versions take.
const SCHEMA: u32 = 39;
const COLUMNS: u32 = 24;
const WIDTH: u32 = 8;
const HEIGHT: u32 = 8;

/// A dashboard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dashboard {
    /// Where its JSON is committed.
    pub(crate) file: String,
    uid: String,
    title: String,
    variables: Vec<Variable>,
    rows: Vec<Row>,
}

/// What a reader chooses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    name: String,
    label: String,
    query: String,
    /// Whether all of them may be chosen at once.
    #[serde(default)]
    all: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    title: String,
    panels: Vec<Panel>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Panel {
    title: String,
    kind: Kind,
    #[serde(default)]
    description: String,
    width: Option<u32>,
    height: Option<u32>,
    #[serde(default = "short")]
    unit: String,
    /// From which value on it is worth a look.
    warn: Option<f64>,
    /// From which value on it is bad.
    alarm: Option<f64>,
    /// Below which value it is bad.
    alarm_below: Option<f64>,
    /// Words in the place of values.
    #[serde(default)]
    words: BTreeMap<String, String>,
    queries: Vec<Query>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// One number.
    Stat,
    /// A line for each series, as it is now.
    Table,
    Lines,
    /// Lines that stay until the next value.
    Steps,
    /// Lines over each other.
    Area,
    /// Bars over each other.
    Bars,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    expr: String,
    legend: Option<String>,
}

fn short() -> String {
    "short".into()
}

impl Dashboard {
    /// The JSON that Grafana reads.
    pub(crate) fn json(&self) -> Value {
        let mut variables = vec![json!({
            "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus",
        })];
        variables.extend(self.variables.iter().map(Variable::json));
        json!({
            "uid": self.uid,
            "title": self.title,
            "tags": ["tidegate"],
            "schemaVersion": SCHEMA,
            "editable": false,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "timezone": "browser",
            "templating": {"list": variables},
            "links": [{
                "title": "Tidegate", "type": "dashboards", "tags": ["tidegate"],
                "asDropdown": true, "includeVars": true, "keepTime": true,
            }],
            "panels": self.panels(),
        })
    }

    /// The panels in rows, from left to right.
    fn panels(&self) -> Vec<Value> {
        let mut panels = Vec::new();
        let mut top = 0;
        for row in &self.rows {
            let place = json!({"x": 0, "y": top, "w": COLUMNS, "h": 1});
            panels.push(json!({"type": "row", "title": row.title, "collapsed": false, "panels": [], "gridPos": place}));
            top += 1;
            let (mut left, mut height) = (0, 0);
            for panel in &row.panels {
                if left + panel.width() > COLUMNS {
                    (left, top, height) = (0, top + height, 0);
                }
                let place = json!({"x": left, "y": top, "w": panel.width(), "h": panel.height()});
                panels.push(panel.json(&place));
                left += panel.width();
                height = height.max(panel.height());
            }
            top += height;
        }
        for (id, panel) in panels.iter_mut().enumerate() {
            panel["id"] = json!(id + 1);
        }
        panels
    }
}

fn datasource() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

impl Variable {
    fn json(&self) -> Value {
        let mut variable = json!({
            "name": self.name,
            "label": self.label,
            "type": "query",
            "datasource": datasource(),
            "query": {"query": self.query, "refId": self.name},
            "definition": self.query,
            "refresh": 2,
            "sort": 1,
            "includeAll": self.all,
            "multi": self.all,
        });
        if self.all {
            variable["allValue"] = json!(".*");
            variable["current"] = json!({"text": ["All"], "value": ["$__all"]});
        }
        variable
    }
}

impl Panel {
    fn width(&self) -> u32 {
        self.width.unwrap_or(WIDTH)
    }

    fn height(&self) -> u32 {
        let usual = if self.kind == Kind::Stat { 4 } else { HEIGHT };
        self.height.unwrap_or(usual)
    }

    fn json(&self, place: &Value) -> Value {
        let mut panel = json!({
            "title": self.title,
            "description": self.description,
            "type": self.kind.panel(),
            "datasource": datasource(),
            "gridPos": place,
            "fieldConfig": {"defaults": self.defaults(), "overrides": []},
            "options": self.kind.options(),
            "targets": self.targets(),
        });
        if self.kind == Kind::Table {
            // The labels as columns; the time of the look says nothing.
            panel["transformations"] = json!([
                {"id": "organize", "options": {"excludeByName": {"Time": true}}},
            ]);
        }
        panel
    }

    fn targets(&self) -> Vec<Value> {
        let targets = self.queries.iter().zip('A'..).map(|(query, name)| {
            let is_now = matches!(self.kind, Kind::Stat | Kind::Table);
            let mut target = json!({
                "refId": name.to_string(),
                "datasource": datasource(),
                "expr": query.expr,
                "instant": is_now,
                "range": !is_now,
            });
            if let Some(legend) = &query.legend {
                target["legendFormat"] = json!(legend);
            }
            if self.kind == Kind::Table {
                target["format"] = json!("table");
            }
            target
        });
        targets.collect()
    }

    fn defaults(&self) -> Value {
        let mut defaults = json!({"unit": self.unit, "custom": self.kind.custom()});
        if self.kind == Kind::Stat {
            defaults["thresholds"] = json!({"mode": "absolute", "steps": self.steps()});
        }
        if !self.words.is_empty() {
            let words = self.words.iter();
            let words = words.map(|(value, text)| (value.clone(), json!({"text": text})));
            let options: serde_json::Map<String, Value> = words.collect();
            defaults["mappings"] = json!([{"type": "value", "options": options}]);
        }
        defaults
    }

    /// Colours have a meaning, or there are none.
    fn steps(&self) -> Vec<Value> {
        let step = |value: Option<f64>, color: &str| json!({"value": value, "color": color});
        let mut steps = match self.alarm_below {
            Some(least) => vec![step(None, "red"), step(Some(least), "text")],
            None => vec![step(None, "text")],
        };
        steps.extend(self.warn.map(|value| step(Some(value), "orange")));
        steps.extend(self.alarm.map(|value| step(Some(value), "red")));
        steps
    }
}

impl Kind {
    fn panel(self) -> &'static str {
        match self {
            Self::Stat => "stat",
            Self::Table => "table",
            Self::Lines | Self::Steps | Self::Area | Self::Bars => "timeseries",
        }
    }

    fn options(self) -> Value {
        match self {
            Self::Stat => json!({
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": false},
                "colorMode": "value", "graphMode": "none", "textMode": "value",
            }),
            Self::Table => json!({"showHeader": true, "cellHeight": "sm"}),
            Self::Lines | Self::Steps | Self::Area | Self::Bars => json!({
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }),
        }
    }

    fn custom(self) -> Value {
        let stacked = json!({"mode": "normal", "group": "A"});
        match self {
            Self::Stat | Self::Table => json!({}),
            Self::Lines => json!({"drawStyle": "line", "fillOpacity": 0}),
            Self::Steps => {
                json!({"drawStyle": "line", "lineInterpolation": "stepAfter", "fillOpacity": 0})
            }
            Self::Area => json!({"drawStyle": "line", "fillOpacity": 30, "stacking": stacked}),
            Self::Bars => json!({"drawStyle": "bars", "fillOpacity": 80, "stacking": stacked}),
        }
    }
}
