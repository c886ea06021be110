# syntax=docker/dockerfile:1
#
# Two images: the sandbox with a Postgres of its own (the last one, and so the default), and without one:
#   docker build -t understudy .
#   docker build -t understudy:slim --target slim .

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=""
WORKDIR /src
# Modules first: their layer is reused until go.mod changes.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -buildvcs=false -trimpath -ldflags="-s -w -X main.release=$VERSION" -o /out/understudy ./cmd/understudy && \
    mkdir /out/state

# Nothing but the program, for a Postgres elsewhere: UNDERSTUDY_DATABASE_URL names it.
FROM scratch AS slim
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/understudy /usr/local/bin/understudy
COPY --from=build --chown=10001:10001 /out/state /var/lib/understudy
# By number, so that an orchestrator can tell it is not root.
USER 10001:10001
WORKDIR /var/lib/understudy
VOLUME /var/lib/understudy
# A container is reached from outside of it; who may control it is told its token, in the log.
ENV PATH=/usr/local/bin UNDERSTUDY_DATA_DIR=/var/lib/understudy UNDERSTUDY_LISTEN=0.0.0.0:8080 UNDERSTUDY_EXPOSE=true
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s --retries=3 CMD ["understudy", "healthcheck"]
ENTRYPOINT ["understudy"]
CMD ["serve"]

# With Postgres, which the program starts by itself unless UNDERSTUDY_DATABASE_URL names another one.
FROM debian:bookworm-slim
# Debian's package would make a cluster of its own, unless a line like this forbids it.
RUN mkdir -p /etc/postgresql-common/createcluster.d && \
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/understudy.conf && \
    apt-get -q update && \
    DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends ca-certificates postgresql && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* && \
    # A third of it is the compiler for queries that run for long: here none does, and Postgres works without.
    rm -rf /usr/lib/postgresql/*/lib/llvmjit* /usr/lib/postgresql/*/lib/bitcode /usr/lib/*/libLLVM* /usr/lib/*/libz3* \
    /usr/share/doc/* /usr/share/man/* /usr/share/postgresql/*/man /usr/share/locale/*
RUN useradd --system --uid 10001 --user-group --create-home --home-dir /var/lib/understudy understudy
COPY --from=build /out/understudy /usr/local/bin/understudy
USER 10001
WORKDIR /var/lib/understudy
VOLUME /var/lib/understudy
# One data directory to a container: no other one is made that a copy would be of use for.
ENV UNDERSTUDY_DATA_DIR=/var/lib/understudy UNDERSTUDY_CACHE_DIR=none UNDERSTUDY_LISTEN=0.0.0.0:8080 UNDERSTUDY_EXPOSE=true
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s --retries=3 CMD ["understudy", "healthcheck"]
ENTRYPOINT ["understudy"]
CMD ["serve"]
