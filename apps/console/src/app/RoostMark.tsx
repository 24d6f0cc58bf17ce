/** The mark of Roost: a bird on its perch. */
export const RoostMark = ({ size = 28 }: { readonly size?: number }) => (
  <img src="/roost.svg" width={size} height={size} alt="" />
)
