{{- define "loyalty.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "loyalty.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "loyalty.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{ include "loyalty.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "loyalty.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "loyalty.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "loyalty.rulesConfigMap" -}}
{{- default (printf "%s-rules" (include "loyalty.name" .)) .Values.rules.existingConfigMap -}}
{{- end -}}

{{- /* What a chart that renders would still not start with is refused here, by name. */ -}}
{{- define "loyalty.check" -}}
{{- $sasl := hasPrefix "SASL_" .Values.kafka.securityProtocol -}}
{{- $tls := hasSuffix "SSL" .Values.kafka.securityProtocol -}}
{{- if not .Values.kafka.bootstrapServers }}{{ fail "kafka.bootstrapServers is missing: give host:port[,host:port…]" }}{{ end -}}
{{- if not .Values.redis.url }}{{ fail "redis.url is missing: give redis://host:port/db" }}{{ end -}}
{{- if and (eq .Values.rules.source "directory") (not .Values.rules.existingConfigMap) (not .Values.rules.files) }}{{ fail "rules are missing: give rules.files, rules.existingConfigMap or rules.source: kafka" }}{{ end -}}
{{- if and .Values.rules.existingConfigMap .Values.rules.files }}{{ fail "rules.files and rules.existingConfigMap exclude each other: give one" }}{{ end -}}
{{- if and $sasl (not (and .Values.kafka.sasl.mechanism .Values.kafka.sasl.username .Values.kafka.sasl.passwordSecret.name)) }}{{ fail "kafka.sasl.mechanism, .username and .passwordSecret.name go with SASL_*: give them" }}{{ end -}}
{{- if and (not $sasl) .Values.kafka.sasl.passwordSecret.name }}{{ fail "kafka.sasl needs kafka.securityProtocol: SASL_SSL" }}{{ end -}}
{{- if and (not $tls) (or .Values.kafka.tls.caSecret.name .Values.kafka.tls.clientSecret.name) }}{{ fail "kafka.tls needs kafka.securityProtocol: SSL or SASL_SSL" }}{{ end -}}
{{- end -}}
