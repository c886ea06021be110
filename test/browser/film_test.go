package browser

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"maps"
	"slices"
	"testing"
)

// paletteOf is the colours that some pictures have most of, and one that lets through what is below it.
func paletteOf(pictures ...image.Image) color.Palette {
	counts := map[color.RGBA]int{}
	for _, p := range pictures {
		each(p.Bounds(), func(x, y int) { counts[rgba(p, x, y)]++ })
	}
	most := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), bytes.Compare([]byte{a.R, a.G, a.B}, []byte{b.R, b.G, b.B}))
	})
	palette := color.Palette{color.Transparent}
	for _, c := range most[:min(len(most), 255)] {
		palette = append(palette, c)
	}
	return palette
}

// painter paints with a palette, each colour as the one that is nearest.
type painter struct {
	palette color.Palette
	nearest map[color.RGBA]uint8
}

func newPainter(palette color.Palette) painter { return painter{palette, map[color.RGBA]uint8{}} }

func (p painter) paint(from image.Image) *image.Paletted {
	to := image.NewPaletted(from.Bounds(), p.palette)
	each(from.Bounds(), func(x, y int) {
		c := rgba(from, x, y)
		index, known := p.nearest[c]
		if !known {
			index = uint8(p.palette[1:].Index(c) + 1)
			p.nearest[c] = index
		}
		to.SetColorIndex(x, y, index)
	})
	return to
}

func each(r image.Rectangle, do func(x, y int)) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			do(x, y)
		}
	}
}

func rgba(p image.Image, x, y int) color.RGBA {
	return color.RGBAModel.Convert(p.At(x, y)).(color.RGBA)
}

// film makes an animation of pictures of one size, each shown for a time in hundredths of a second. Of each it has only
// what is otherwise than in the one before.
func film(pictures []image.Image, each int) *gif.GIF {
	painter := newPainter(paletteOf(pictures...))
	animation := &gif.GIF{}
	var last *image.Paletted
	for _, picture := range pictures {
		frame := painter.paint(picture)
		shown := frame
		if last != nil {
			shown = change(last, frame)
		}
		if shown == nil { // nothing moved
			animation.Delay[len(animation.Delay)-1] += each
			continue
		}
		animation.Image = append(animation.Image, shown)
		animation.Delay = append(animation.Delay, each)
		animation.Disposal = append(animation.Disposal, gif.DisposalNone)
		last = frame
	}
	return animation
}

// change is what one picture has otherwise than another one, in the smallest rectangle; nil: nothing.
func change(from, to *image.Paletted) *image.Paletted {
	var box image.Rectangle
	each(to.Rect, func(x, y int) {
		if from.ColorIndexAt(x, y) != to.ColorIndexAt(x, y) {
			box = box.Union(image.Rect(x, y, x+1, y+1))
		}
	})
	if box.Empty() {
		return nil
	}
	changed := image.NewPaletted(box, to.Palette)
	each(box, func(x, y int) {
		if c := to.ColorIndexAt(x, y); c != from.ColorIndexAt(x, y) {
			changed.SetColorIndex(x, y, c)
		}
	})
	return changed
}

// smaller is a PNG with 255 colours.
func smaller(picture image.Image) ([]byte, error) {
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err := encoder.Encode(&out, newPainter(paletteOf(picture)).paint(picture))
	return out.Bytes(), err
}

// An animation shows what it was made of.
func TestFilm(t *testing.T) {
	t.Parallel()
	picture := func(at image.Point) image.Image {
		p := image.NewRGBA(image.Rect(0, 0, 8, 8))
		each(p.Rect, func(x, y int) { p.SetRGBA(x, y, color.RGBA{20, 30, 40, 255}) })
		p.SetRGBA(at.X, at.Y, color.RGBA{200, 100, 50, 255})
		return p
	}
	pictures := []image.Image{picture(image.Pt(1, 1)), picture(image.Pt(1, 1)), picture(image.Pt(4, 3))}
	var file bytes.Buffer
	if err := gif.EncodeAll(&file, film(pictures, 50)); err != nil {
		t.Fatal(err)
	}
	got, err := gif.DecodeAll(&file)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Delay, []int{100, 50}) || got.Image[1].Rect != image.Rect(1, 1, 5, 4) {
		t.Fatalf("got the times %v and the second frame %v", got.Delay, got.Image[1].Rect)
	}
	canvas := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for _, frame := range got.Image {
		each(frame.Rect, func(x, y int) {
			if c := rgba(frame, x, y); c.A == 255 {
				canvas.SetRGBA(x, y, c)
			}
		})
	}
	want := pictures[2]
	each(canvas.Rect, func(x, y int) {
		if canvas.RGBAAt(x, y) != rgba(want, x, y) {
			t.Errorf("at %d,%d: got %v, want %v", x, y, canvas.RGBAAt(x, y), rgba(want, x, y))
		}
	})
}
