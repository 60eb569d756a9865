{{- define "postern.name" -}}
{{- if contains "postern" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-postern" (.Release.Name | trunc 42 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "postern.selector" -}}
app.kubernetes.io/name: postern
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "postern.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "postern.selector" . }}
{{- end }}

{{- define "postern.check" -}}
{{- $database := .Values.database.existingSecret }}
{{- if and (gt (int .Values.replicas) 1) (not $database) }}
{{- fail "replicas: more than one takes PostgreSQL (database.existingSecret)" }}
{{- end }}
{{- if and $database (not .Values.key.existingSecret) }}
{{- fail "key.existingSecret: with PostgreSQL the key has to be in a Secret, for every pod the same" }}
{{- end }}
{{- if and (not .Values.smtp.tlsSecret) (not .Values.smtp.plainAuth) }}
{{- fail "smtp: name a certificate (smtp.tlsSecret), or say that passwords may go unencrypted through the cluster (smtp.plainAuth: true)" }}
{{- end }}
{{- if and .Values.web.ingress.enabled (not (hasPrefix "https://" .Values.publicUrl)) }}
{{- fail "publicUrl: with an ingress it begins with https://" }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) }}
{{- fail "metrics.serviceMonitor: there is nothing to monitor without metrics.enabled: true" }}
{{- end }}
{{- if and .Values.smtp.service.externalTrafficPolicy (eq .Values.smtp.service.type "ClusterIP") }}
{{- fail "smtp.service.externalTrafficPolicy: nothing comes from outside of the cluster to a ClusterIP: set smtp.service.type" }}
{{- end }}
{{- if and $database .Values.persistence.existingClaim }}
{{- fail "persistence.existingClaim: with PostgreSQL there is no volume; postern store copy moves what is in it" }}
{{- end }}
{{- end }}
