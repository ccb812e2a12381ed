// The files of an engine's host that checks ask for, by the names under which Host::files has them. What was looked at
// is there under its name, with files that do not exist if need be; a name that is missing was not looked at.
#pragma once

#include <array>
#include <string_view>

namespace bulkhead::audit::host_files {

// Units, as systemd has loaded them.
inline constexpr std::string_view kDockerService = "docker.service";
inline constexpr std::string_view kDockerSocketUnit = "docker.socket";
// Configuration: as the daemon's arguments say, else in the usual places.
inline constexpr std::string_view kConfigDirectory = "docker-folder";  // /etc/docker
inline constexpr std::string_view kDaemonJson = "daemon.json";
inline constexpr std::string_view kDefaultDocker = "default-docker";                // /etc/default/docker
inline constexpr std::string_view kSysconfigDocker = "sysconfig-docker";            // /etc/sysconfig/docker
inline constexpr std::string_view kContainerdConfig = "containerd-config";          // /etc/containerd/config.toml
inline constexpr std::string_view kRegistryCertificates = "registry-certificates";  // *.crt below certs.d; several
inline constexpr std::string_view kTlsCa = "tls-ca";                                // what tlscacert names
inline constexpr std::string_view kTlsCertificate = "tls-certificate";              // tlscert
inline constexpr std::string_view kTlsKey = "tls-key";                              // tlskey
// Sockets and folders.
inline constexpr std::string_view kEngineSocket = "engine-socket";          // the one that the audit asked
inline constexpr std::string_view kContainerdSocket = "containerd-socket";  // the one that the daemon uses
inline constexpr std::string_view kContainerdState = "containerd-run";      // /run/containerd
inline constexpr std::string_view kDataRoot = "docker-root";                // /var/lib/docker
// Programs: the running daemon's own, the others where its PATH has them.
inline constexpr std::string_view kDockerd = "dockerd";
inline constexpr std::string_view kContainerd = "containerd";
inline constexpr std::string_view kShim = "containerd-shim";
inline constexpr std::string_view kShimRuncV1 = "containerd-shim-runc-v1";
inline constexpr std::string_view kShimRuncV2 = "containerd-shim-runc-v2";
inline constexpr std::string_view kRunc = "runc";

inline constexpr std::array kAll = {kDockerService,
                                    kDockerSocketUnit,
                                    kConfigDirectory,
                                    kDaemonJson,
                                    kDefaultDocker,
                                    kSysconfigDocker,
                                    kContainerdConfig,
                                    kRegistryCertificates,
                                    kTlsCa,
                                    kTlsCertificate,
                                    kTlsKey,
                                    kEngineSocket,
                                    kContainerdSocket,
                                    kContainerdState,
                                    kDataRoot,
                                    kDockerd,
                                    kContainerd,
                                    kShim,
                                    kShimRuncV1,
                                    kShimRuncV2,
                                    kRunc};

}  // namespace bulkhead::audit::host_files
