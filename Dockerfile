# postern as an image without a shell, for a user without rights. docs/installing.md says how it is run.
#
#   docker build --tag postern .
#   docker buildx build --platform linux/amd64,linux/arm64 --tag registry.example.com/postern .

ARG NODE_IMAGE=docker.io/library/node:24-trixie-slim
# glibc, the C++ library and the authorities that are trusted. A key command or a notify command needs a shell: then
# --build-arg BASE_IMAGE=docker.io/library/node:24-trixie-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian13:nonroot

# One file of JavaScript, the same for every processor: it is made on the processor of whoever builds.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS bundle
WORKDIR /source
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# There is nothing in the finished image that would look for Node.js.
RUN npm run build:bundle && sed -i '1s|.*|#!/usr/local/bin/node|' packaging/built/postern.cjs && mkdir data

# Node.js for the processor that the image is for.
FROM ${NODE_IMAGE} AS node

FROM ${BASE_IMAGE}
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="postern" \
      org.opencontainers.image.description="OAuth2 token broker for SMTP" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=bundle /source/LICENSE /source/packaging/built/third-party-licences.txt /usr/share/doc/postern/
COPY --from=bundle --chmod=755 /source/packaging/built/postern.cjs /usr/local/bin/postern
# A new volume gets the owner of this folder. postern makes a folder of its own in it, for nobody else, whatever the volume's own mode.
COPY --from=bundle --chown=65532:65532 /source/data /data
ENV POSTERN_DATA_DIR=/data/postern
VOLUME /data
USER 65532:65532
WORKDIR /data
EXPOSE 2587 8587
# Clients have 25 seconds to finish: docker stop --time 45, terminationGracePeriodSeconds: 45.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["/usr/local/bin/postern", "health"]
ENTRYPOINT ["/usr/local/bin/postern"]
CMD ["serve"]
