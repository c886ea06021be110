package report

import (
	"math"
	"strconv"
)

// Chart is a plot: of bars, or of curves with a panel each.
type Chart struct {
	Name        string  `json:"name"` // of its file
	Title       string  `json:"title"`
	Description string  `json:"description"` // of what is to be seen, for those who do not see it
	Bars        []Bar   `json:"bars,omitempty"`
	Curves      []Curve `json:"curves,omitempty"`
}

// Bar is one figure of those beside each other in a group.
type Bar struct {
	Group string  `json:"group"`
	Label string  `json:"label"`
	Value float64 `json:"value"`
	Unit  Unit    `json:"unit"`
	CPU   *CPU    `json:"cpu,omitempty"`
	Ours  bool    `json:"ours,omitempty"`
}

// Curve is how a figure grows with something.
type Curve struct {
	What   string  `json:"what"`
	Unit   Unit    `json:"unit"`
	Points []Point `json:"points"`
}

// Point is a figure at a size.
type Point struct {
	At    int     `json:"at"`
	Value float64 `json:"value"`
}

const (
	chartWidth = 760
	margin     = 16
	lineHeight = 26
)

// svg draws the chart. The same chart gives the same bytes.
func (c Chart) svg() []byte {
	var d drawing
	d.text(margin, 26, "title", c.Title)
	height := 44.0
	if len(c.Bars) > 0 {
		height = d.bars(c.Bars, height)
	}
	if len(c.Curves) > 0 {
		height = d.curves(c.Curves, height)
	}
	return d.svg(c.Title, c.Description, chartWidth, height+margin/2)
}

// bars draws groups of bars, one below the other, all to the same scale.
func (d *drawing) bars(bars []Bar, y float64) (bottom float64) {
	const from, to = 290, chartWidth - 215
	most := 0.0
	for _, b := range bars {
		most = max(most, b.Value)
	}
	group := ""
	for _, b := range bars {
		if b.Group != group {
			group = b.Group
			d.text(margin, y+18, "group", group)
			y += lineHeight
		}
		class := "other"
		if b.Ours {
			class = "ours"
		}
		d.text(margin+12, y+17, "label", b.Label)
		length := (to - from) * b.Value / most
		d.rect(from, y+4, length, lineHeight-8, class)
		value := b.Unit.Write(b.Value)
		if b.CPU != nil {
			value += ", CPU " + b.CPU.String() + " µs"
		}
		d.text(from+length+6, y+17, "label", value)
		y += lineHeight
	}
	return y
}

// curves draws a panel for each, three in a row. All begin at zero, so that what is flat looks flat.
func (d *drawing) curves(curves []Curve, y float64) (bottom float64) {
	const inRow, height = 3, 176
	width := float64(chartWidth-2*margin) / inRow
	for i, c := range curves {
		d.panel(c, margin+float64(i%inRow)*width, y+float64(i/inRow)*height, width-16, height-24)
	}
	return y + math.Ceil(float64(len(curves))/inRow)*height
}

func (d *drawing) panel(c Curve, left, top, width, height float64) {
	d.text(left, top+14, "group", c.What)
	floor, ceiling := top+height-24, top+48
	least, most, highest := math.Inf(1), math.Inf(-1), 0.0
	for _, p := range c.Points {
		least, most = min(least, math.Log(float64(p.At))), max(most, math.Log(float64(p.At)))
		highest = max(highest, p.Value)
	}
	if highest == 0 {
		highest = 1
	}
	d.line(left, floor, left+width, floor)
	points := make([][2]float64, 0, len(c.Points))
	for _, p := range c.Points {
		share := 0.5
		if most > least {
			share = (math.Log(float64(p.At)) - least) / (most - least)
		}
		points = append(points, [2]float64{left + 26 + share*(width-52), floor - (floor-ceiling)*p.Value/highest})
	}
	d.polyline(points)
	for i, p := range c.Points {
		x, y := points[i][0], points[i][1]
		d.circle(x, y)
		d.centred(x, y-8, c.Unit.Write(p.Value))
		d.centred(x, floor+16, short(p.At))
	}
}

// short writes 100000 as 100k.
func short(n int) string {
	for _, unit := range []struct {
		size int
		name string
	}{{1_000_000, "M"}, {1000, "k"}} {
		if n >= unit.size && n%unit.size == 0 {
			return strconv.Itoa(n/unit.size) + unit.name
		}
	}
	return strconv.Itoa(n)
}
