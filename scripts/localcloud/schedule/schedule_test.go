package schedule_test

import (
	"testing"
	"time"

	"lumo/scripts/localcloud/schedule"
)

const layout = "Mon 2006-01-02 15:04"

func TestNext(t *testing.T) {
	t.Parallel()
	// Thursday
	from := time.Date(2026, 1, 1, 10, 30, 15, 0, time.UTC)
	for _, c := range []struct {
		expression, zone string
		want             []string
	}{
		{"cron(0 8 * * ? *)", "", []string{"Fri 2026-01-02 08:00", "Sat 2026-01-03 08:00"}},
		{"cron(0 10 * * ? *)", "", []string{"Fri 2026-01-02 10:00"}},
		{"cron(31 10 * * ? *)", "", []string{"Thu 2026-01-01 10:31"}},
		{"cron(30 10 * * ? *)", "", []string{"Fri 2026-01-02 10:30"}},
		{"cron(0/15 * * * ? *)", "", []string{"Thu 2026-01-01 10:45", "Thu 2026-01-01 11:00"}},
		{"cron(5/20 11-12 * * ? *)", "", []string{"Thu 2026-01-01 11:05", "Thu 2026-01-01 11:25", "Thu 2026-01-01 11:45", "Thu 2026-01-01 12:05"}},
		{"cron(0 12 ? * 1 *)", "", []string{"Sun 2026-01-04 12:00", "Sun 2026-01-11 12:00"}},
		{"cron(0 12 ? * MON-FRI *)", "", []string{"Thu 2026-01-01 12:00", "Fri 2026-01-02 12:00", "Mon 2026-01-05 12:00"}},
		{"cron(0 12 ? * 7 *)", "", []string{"Sat 2026-01-03 12:00"}},
		{"cron(0 12 ? * L *)", "", []string{"Sat 2026-01-03 12:00", "Sat 2026-01-10 12:00"}},
		{"cron(0 12 ? * 6L *)", "", []string{"Fri 2026-01-30 12:00", "Fri 2026-02-27 12:00"}},
		{"cron(0 12 ? * 3#2 *)", "", []string{"Tue 2026-01-13 12:00", "Tue 2026-02-10 12:00"}},
		{"cron(0 12 ? * FRI#5 *)", "", []string{"Fri 2026-01-30 12:00", "Fri 2026-05-29 12:00"}},
		{"cron(0 12 L * ? *)", "", []string{"Sat 2026-01-31 12:00", "Sat 2026-02-28 12:00"}},
		{"cron(0 12 LW * ? *)", "", []string{"Fri 2026-01-30 12:00", "Fri 2026-02-27 12:00"}},
		{"cron(0 12 15W * ? *)", "", []string{"Thu 2026-01-15 12:00", "Mon 2026-02-16 12:00"}},
		{"cron(0 12 1W * ? *)", "", []string{"Thu 2026-01-01 12:00", "Mon 2026-02-02 12:00", "Mon 2026-03-02 12:00", "Wed 2026-04-01 12:00", "Fri 2026-05-01 12:00", "Mon 2026-06-01 12:00", "Wed 2026-07-01 12:00", "Mon 2026-08-03 12:00"}},
		{"cron(0 12 31 * ? *)", "", []string{"Sat 2026-01-31 12:00", "Tue 2026-03-31 12:00"}},
		{"cron(0 12 29 2 ? *)", "", []string{"Tue 2028-02-29 12:00"}},
		{"cron(0 0 1 JAN,jul ? 2027-2028)", "", []string{"Fri 2027-01-01 00:00", "Thu 2027-07-01 00:00", "Sat 2028-01-01 00:00", "Sat 2028-07-01 00:00", ""}},
		{"cron(0 0 1 1 ? 2020)", "", []string{""}},
		{"cron(0 9 * * ? *)", "Asia/Tokyo", []string{"Fri 2026-01-02 00:00"}},
		{"cron(30 2 29 3 ? *)", "Europe/Berlin", []string{"Mon 2027-03-29 00:30"}}, // 2026-03-29 02:30 does not exist there
		{"rate(1 minute)", "", []string{"Thu 2026-01-01 10:31", "Thu 2026-01-01 10:32"}},
		{"rate(5 minutes)", "", []string{"Thu 2026-01-01 10:35"}},
		{"rate(2 hours)", "", []string{"Thu 2026-01-01 12:30"}},
		{"rate(7 days)", "", []string{"Thu 2026-01-08 10:30"}},
		{"at(2026-01-01T12:00:00)", "", []string{"Thu 2026-01-01 12:00", ""}},
		{"at(2026-01-01T12:00:00)", "Asia/Tokyo", []string{""}},
	} {
		s, err := schedule.Parse(c.expression, c.zone)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		now := from
		for i, want := range c.want {
			next, ok := s.Next(now)
			got := ""
			if ok {
				got = next.UTC().Format(layout)
			}
			if got != want {
				t.Errorf("%s %s, time %d: %q, want %q", c.expression, c.zone, i, got, want)
				break
			}
			now = next
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, e := range []string{
		"", "rate", "rate()", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(1 second)", "rate(-1 minutes)",
		"cron(0 8 * * *)", "cron(0 8 * * * *)", "cron(0 8 ? * ? *)", "cron(60 8 * * ? *)", "cron(0 24 * * ? *)", "cron(0 8 0 * ? *)", "cron(0 8 * 13 ? *)",
		"cron(0 8 ? * 0 *)", "cron(0 8 ? * 8 *)", "cron(0 8 ? * 3#6 *)", "cron(0/0 8 * * ? *)", "cron(5-1 8 * * ? *)", "cron(0 8 * * ? 1969)", "cron(0 8 32W * ? *)",
		"at(tomorrow)", "every(1 minute)", "rate(1 minute",
	} {
		if _, err := schedule.Parse(e, ""); err == nil {
			t.Errorf("%q was accepted", e)
		}
	}
	if _, err := schedule.Parse("rate(1 minute)", "Mars/Olympus"); err == nil {
		t.Error("an unknown time zone was accepted")
	}
}
