//! A real Kubernetes node in namespaces of its own, with images assembled on this machine.
//!
//! kubelet, kube-proxy, containerd and a control plane run as one process tree that ends, with its mounts, interfaces
//! and rules, when the value that stands for it is dropped or its holder is killed. Nothing on the node has a route
//! out; this machine reaches pods and Services directly. There is one node on a machine at a time.
//!
//! ```no_run
//! use tidegate_realnode::{Node, images};
//!
//! # fn main() -> tidegate_testbed::Result<()> {
//! let node = Node::start()?;
//! node.import(&images::coredns()?)?;
//! println!("{}", node.control_plane().kubectl(&["get", "nodes"])?);
//! # Ok(())
//! # }
//! ```

pub mod external_secrets;
pub mod host;
pub mod image;
pub mod images;
pub mod node;
pub mod parts;
pub mod platform;
pub mod root;

mod kept;

pub use image::Image;
pub use node::Node;
pub use platform::Platform;
