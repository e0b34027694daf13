/** The part of a Kubernetes object's metadata that this project reads. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Moves with every change of the spec, and with nothing else. */
  readonly generation: number;
  /** Moves with every change of the object. Opaque. */
  readonly resourceVersion: string;
  /** RFC 3339. */
  readonly creationTimestamp: string;
  /** RFC 3339. Set: the object is being deleted. */
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
}
