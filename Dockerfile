# syntax=docker/dockerfile:1

FROM golang:1.26-bookworm AS build
WORKDIR /src
# Modules first: their layer is reused until go.mod changes.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags='-s -w' -o /understudy ./cmd/understudy

# No Postgres in here: name one with UNDERSTUDY_DATABASE_URL, as docker-compose.yml does.
FROM debian:bookworm-slim
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /understudy /usr/local/bin/understudy
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/understudy understudy
# By number, so that an orchestrator can tell it is not root.
USER 10001
WORKDIR /var/lib/understudy
# A container is reached from outside of it; who may control it is told its token, in the log.
ENV UNDERSTUDY_LISTEN=0.0.0.0:8080 UNDERSTUDY_EXPOSE=true
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["understudy", "healthcheck"]
ENTRYPOINT ["understudy"]
CMD ["serve"]
