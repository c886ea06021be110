// Package deploy reads what deploy has for Kubernetes as its API server would, and holds it against the program.
package deploy

import (
	"os"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// objects are what an overlay makes, by kind. One that has a member that its type does not have fails.
type objects struct {
	deployment appsv1.Deployment
	service    corev1.Service
	budget     policyv1.PodDisruptionBudget
	secret     corev1.Secret
}

func build(t *testing.T, dir string) (o objects) {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	into := map[string]any{
		"Deployment": &o.deployment, "Service": &o.service, "PodDisruptionBudget": &o.budget, "Secret": &o.secret,
	}
	for _, r := range made.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		object, ok := into[r.GetKind()]
		if !ok {
			t.Fatalf("a %s, or a second one", r.GetKind())
		}
		if err := yaml.UnmarshalStrict(text, object); err != nil {
			t.Errorf("%s: %v", r.GetKind(), err)
		}
		delete(into, r.GetKind())
	}
	if len(into) > 0 {
		t.Fatalf("missing: %v", into)
	}
	return o
}

func TestManifests(t *testing.T) {
	t.Parallel()
	o := build(t, "../../deploy/overlays/example")
	pod, labels := o.deployment.Spec.Template.Spec, o.deployment.Spec.Template.Labels
	if len(pod.Containers) != 1 || *o.deployment.Spec.Replicas < 2 {
		t.Fatalf("%d containers, %d replicas", len(pod.Containers), *o.deployment.Spec.Replicas)
	}
	c := pod.Containers[0]
	for name, selector := range map[string]map[string]string{
		"Deployment": o.deployment.Spec.Selector.MatchLabels, "Service": o.service.Spec.Selector,
		"PodDisruptionBudget": o.budget.Spec.Selector.MatchLabels,
		"spread":              pod.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
	} {
		if len(selector) == 0 {
			t.Errorf("%s selects everything", name)
		}
		for key, value := range selector {
			if labels[key] != value {
				t.Errorf("%s selects %s=%s, which the pods do not have: %v", name, key, value, labels)
			}
		}
	}
	if o.budget.Spec.MinAvailable.IntValue() >= int(*o.deployment.Spec.Replicas) {
		t.Error("the budget lets no node be drained")
	}
	if !*pod.SecurityContext.RunAsNonRoot || *pod.SecurityContext.RunAsUser == 0 || *pod.AutomountServiceAccountToken ||
		!*c.SecurityContext.ReadOnlyRootFilesystem || *c.SecurityContext.AllowPrivilegeEscalation ||
		!slices.Equal(c.SecurityContext.Capabilities.Drop, []corev1.Capability{"ALL"}) ||
		pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Error("it is not what the restricted standard asks for")
	}
	if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() ||
		c.Resources.Limits.Memory().IsZero() {
		t.Errorf("resources: %v", c.Resources)
	}
	for probe, path := range map[*corev1.Probe]string{
		c.LivenessProbe: "/healthz", c.StartupProbe: "/healthz", c.ReadinessProbe: "/readyz",
	} {
		if probe.HTTPGet.Path != path || probe.HTTPGet.Port != intstr.FromString(c.Ports[0].Name) {
			t.Errorf("%v, want %s", probe, path)
		}
	}
	if o.service.Spec.Ports[0].TargetPort != intstr.FromString(c.Ports[0].Name) {
		t.Errorf("the service leads to %v", o.service.Spec.Ports)
	}
	const drain = 15 + 10 // requests in hand, work in hand
	if after := c.Lifecycle.PreStop.Sleep.Seconds; *pod.TerminationGracePeriodSeconds <= after+drain {
		t.Errorf("%d s are too few to stop in, %d s after the signal", *pod.TerminationGracePeriodSeconds, after)
	}
}

// Every setting is one that the program has, and what comes from the secret is in it.
func TestSettings(t *testing.T) {
	t.Parallel()
	o := build(t, "../../deploy/overlays/example")
	reference, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range o.deployment.Spec.Template.Spec.Containers[0].Env {
		if !strings.Contains(string(reference), "`"+e.Name+"`") {
			t.Errorf("the program knows no %s", e.Name)
		}
		if e.ValueFrom == nil {
			continue
		}
		ref := e.ValueFrom.SecretKeyRef
		if ref.Name != o.secret.Name {
			t.Errorf("%s is of the secret %s, not of %s", e.Name, ref.Name, o.secret.Name)
		}
		if _, ok := o.secret.Data[ref.Key]; !ok && (ref.Optional == nil || !*ref.Optional) {
			t.Errorf("the secret has no %s", ref.Key)
		}
	}
}
