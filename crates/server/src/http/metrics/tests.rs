use std::time::Duration;

use super::text::Text;

#[test]
fn what_is_written_is_what_prometheus_reads() {
    let mut text = Text::default();
    text.gauge("a", "What it is", 7);
    text.family("b_total", "counter", "More").sample(&[("kind", "x"), ("role", "y")], 1);
    let mut family = text.family("c_seconds", "histogram", "Times");
    family.histogram(&[("kind", "x")], &[50, 1000], &[2, 1, 4], Duration::from_millis(1500));
    let expected = "# HELP a What it is\n# TYPE a gauge\na 7\n\
        # HELP b_total More\n# TYPE b_total counter\nb_total{kind=\"x\",role=\"y\"} 1\n\
        # HELP c_seconds Times\n# TYPE c_seconds histogram\n\
        c_seconds_bucket{kind=\"x\",le=\"0.05\"} 2\nc_seconds_bucket{kind=\"x\",le=\"1\"} 3\n\
        c_seconds_bucket{kind=\"x\",le=\"+Inf\"} 7\nc_seconds_sum{kind=\"x\"} 1.5\nc_seconds_count{kind=\"x\"} 7\n";
    assert_eq!(text.finish(), expected);
}
