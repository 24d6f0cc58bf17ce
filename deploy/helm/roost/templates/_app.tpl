{{/*
One app: Deployment, HPA, PodDisruptionBudget, ServiceAccount.
root, app (its name), values (its part of the values), port (of its HTTP), portVariable, user (of NATS),
secrets (variables that come from the secret under the same name), optionalSecrets, env (more of it), volumes, volumeMounts, alone (no two at a time).
*/}}
{{- define "roost.app" -}}
{{- $name := printf "%s-%s" (include "roost.name" .root) .app -}}
{{- $scales := .values.autoscaling.enabled -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels: {{ include "roost.labels" . | nindent 4 }}
spec:
  {{- if not $scales }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    {{- if .alone }}
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
    {{- end }}
  selector:
    matchLabels: {{ include "roost.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{ include "roost.labels" . | nindent 8 }}
      annotations:
        checksum/config: {{ toJson .env | sha256sum }}
        {{- with .root.Values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      serviceAccountName: {{ $name }}
      {{- include "roost.podSecurity" . | nindent 6 }}
      {{- if .root.Values.hostNetwork }}
      hostNetwork: true
      {{- end }}
      enableServiceLinks: false
      # The drain takes 15 s at most, preStop 5.
      terminationGracePeriodSeconds: 45
      {{- include "roost.placement" . | nindent 6 }}
      containers:
        - name: {{ .app }}
          image: {{ include "roost.image" .root | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [{{ .app }}]
          {{- include "roost.containerSecurity" . | nindent 10 }}
          {{- if not .root.Values.hostNetwork }}
          ports:
            - { name: http, containerPort: {{ .port }}, protocol: TCP }
            {{- if eq .app "udp-edge" }}
            - { name: coaps, containerPort: 5684, protocol: UDP }
            {{- end }}
          {{- end }}
          envFrom:
            - configMapRef: { name: {{ $name }} }
          env:
            # A node's name is one of a process: it never comes again.
            {{- if has .app (list "udp-edge" "session-actors") }}
            - name: ROOST_NODE_ID
              valueFrom: { fieldRef: { fieldPath: metadata.name } }
            {{- end }}
            - name: NATS_PASSWORD
              valueFrom: { secretKeyRef: { name: {{ .root.Values.existingSecret }}, key: NATS_PASSWORD_{{ .user | upper | replace "-" "_" }} } }
            {{- $secrets := .secrets }}
            {{- if .root.Values.otlp.endpoint }}
            {{- $secrets = append $secrets (dict "name" "ROOST_OTLP_HEADERS" "optional" true) }}
            {{- end }}
            {{- range $secrets }}
            - name: {{ .name }}
              valueFrom: { secretKeyRef: { name: {{ $.root.Values.existingSecret }}, key: {{ .key | default .name }}{{ if .optional }}, optional: true{{ end }} } }
            {{- end }}
          # It lives: nothing else restarts it. What it waits for elsewhere is readiness.
          livenessProbe:
            httpGet: { path: /healthz, port: {{ .port }} }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /readyz, port: {{ .port }} }
            periodSeconds: 2
            timeoutSeconds: 5
            failureThreshold: 2
          startupProbe:
            httpGet: { path: /healthz, port: {{ .port }} }
            periodSeconds: 1
            failureThreshold: 60
          {{- if not .root.Values.hostNetwork }}
          # Balancers go on for some seconds to send to a pod that ends; an edge without its socket would lose what they send.
          lifecycle:
            preStop:
              exec: { command: [/opt/roost/node, -e, "setTimeout(() => {}, 5000)"] }
          {{- end }}
          resources: {{ toYaml .values.resources | nindent 12 }}
          {{- with .volumeMounts }}
          volumeMounts: {{ toYaml . | nindent 12 }}
          {{- end }}
      {{- with .volumes }}
      volumes: {{ toYaml . | nindent 8 }}
      {{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $name }}
  labels: {{ include "roost.labels" . | nindent 4 }}
data:
  {{- range $key, $value := .env }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  labels: {{ include "roost.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- if or $scales (gt (int .values.replicas) 1) }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  labels: {{ include "roost.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .root.Values.maxUnavailable }}
  selector:
    matchLabels: {{ include "roost.selector" . | nindent 6 }}
{{- end }}
{{- if $scales }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $name }}
  labels: {{ include "roost.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ $name }} }
  minReplicas: {{ .values.autoscaling.min }}
  maxReplicas: {{ .values.autoscaling.max }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ .values.autoscaling.cpuPercent }} }
  behavior:
    # Each change of session-actors moves partitions: seldom, one at a time.
    scaleDown:
      stabilizationWindowSeconds: 600
      policies: [{ type: Pods, value: 1, periodSeconds: 120 }]
{{- end }}
{{- end -}}

{{/* Variables of every app. */}}
{{- define "roost.env" -}}
{{- $env := dict
  "NATS_URL" (include "roost.natsUrl" .root)
  "NATS_USER" .user
  .portVariable (toString .port)
  "ROOST_HTTP_HOST" "0.0.0.0" -}}
{{- if .root.Values.nats.tlsSecret -}}
{{- $env = merge $env (dict "NATS_TLS_CA" "/etc/roost/nats/ca.crt") -}}
{{- end -}}
{{- with .root.Values.otlp -}}
{{- if .endpoint -}}
{{- $env = merge $env (dict
  "ROOST_OTLP_ENDPOINT" .endpoint
  "ROOST_TRACE_SAMPLING" (toString .traceSampling)
  "ROOST_OTLP_METRICS_SECONDS" (toString .metricsSeconds)) -}}
{{- end -}}
{{- end -}}
{{- range $key, $value := .values.env -}}
{{- $env = set $env $key (toString $value) -}}
{{- end -}}
{{- toJson $env -}}
{{- end -}}

{{- define "roost.tlsVolumes" -}}
{{- if .root.Values.nats.tlsSecret -}}
[{"name":"nats-tls","secret":{"secretName":{{ .root.Values.nats.tlsSecret | quote }},"defaultMode":288}}]
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{- define "roost.tlsMounts" -}}
{{- if .root.Values.nats.tlsSecret -}}
[{"name":"nats-tls","mountPath":"/etc/roost/nats","readOnly":true}]
{{- else -}}
[]
{{- end -}}
{{- end -}}
