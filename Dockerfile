# The image of agent and command line. Nothing is fetched while it builds but the base images, Debian's packages
# and the crates of Cargo.lock; the same inputs give the same program.
FROM docker.io/library/rust:1.95.0-slim-bookworm AS build

# OpenSSL is for libssh2 alone. What TLS and Git need is compiled here, with the C compiler that the image has.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libssl-dev pkg-config zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY agent agent
COPY manifests/tidegate manifests/tidegate
# Members of the workspace, which Cargo asks for though it builds none of them.
COPY bench bench
COPY tests tests

ENV CARGO_INCREMENTAL=0 \
    CFLAGS="-ffile-prefix-map=/usr/local/cargo=/cargo" \
    RUSTFLAGS="--remap-path-prefix=/src=/tidegate --remap-path-prefix=/usr/local/cargo=/cargo"
RUN cargo build --release --locked --package tidegate --bin tidegate

# All that the final image lacks: the program, and zlib.
RUN install -D target/release/tidegate /image/usr/bin/tidegate \
 && ldd target/release/tidegate | awk '/libz[.]so/ { print $3 }' | xargs -r install -D -m 0644 -t /image/usr/lib

# glibc, libgcc, OpenSSL and certificate authorities; no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tidegate" \
      org.opencontainers.image.description="GitOps reconciliation agent for layered Kubernetes clusters" \
      org.opencontainers.image.source="https://github.com/tidegate/tidegate" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

COPY --from=build /image /
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/usr/bin/tidegate"]
CMD ["agent"]
