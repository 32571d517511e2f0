{{/* Which objects belong to this release's agents. */}}
{{- define "jenkins-mfa.selector" -}}
app.kubernetes.io/name: jenkins-mfa
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "jenkins-mfa.labels" -}}
{{ include "jenkins-mfa.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* One name for all of them: the release's, which says jenkins-mfa in it. */}}
{{- define "jenkins-mfa.name" -}}
{{- $name := contains "jenkins-mfa" .Release.Name | ternary .Release.Name (printf "%s-jenkins-mfa" .Release.Name) }}
{{- $name | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "jenkins-mfa.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* Where the agent is asked how it is: beside its numbers, or else beside its pages. */}}
{{- define "jenkins-mfa.probe" -}}
{{- if .Values.metrics.enabled }}
port: metrics
{{- else }}
port: pages
scheme: {{ .Values.pages.scheme }}
{{- end }}
{{- end }}

{{/* config.toml says where the agent listens; what asks it there has the port from the values: both must be the same. */}}
{{- define "jenkins-mfa.ports" -}}
{{- if and .Values.pages.enabled (not (contains (printf ":%d\"" (int .Values.pages.port)) .Values.config)) }}
{{- fail (printf "config has no [web] listen = \"0.0.0.0:%d\": add it, or set pages.port to its port, or pages.enabled=false" (int .Values.pages.port)) }}
{{- end }}
{{- if and .Values.metrics.enabled (not (contains (printf ":%d\"" (int .Values.metrics.port)) .Values.config)) }}
{{- fail (printf "config has no [metrics] listen = \"0.0.0.0:%d\": add it, or set metrics.port to its port, or metrics.enabled=false" (int .Values.metrics.port)) }}
{{- end }}
{{- end }}
